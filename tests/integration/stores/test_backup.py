"""A backup is put back whole, on either database; a ledger that came from an older one does not send again."""

import shutil

import pytest
from sqlalchemy import func, select

from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.handover.restore_guard import _came_with_a_backup, answer_for_restoration
from sends.handover.sender import send_plan
from sends.inbound.listener import take_in
from sends.inbound.opt_outs import opt_out
from sends.plans.approval import approve_plan
from sends.plans.planning import plan_campaign
from stores.all_stores import open_stores
from stores.backup import make_backup, restore_backup
from stores.operations.all_tables import metadata
from stores.operations.message_tables import messages
from terms.errors import Refused, UsageError
from terms.settings import load_settings
from tests.scenes.sends.small_send_home import (
    environment,
    make_home,
    point_gateway,
    received_lines,
    simulator,
    write_order,
)


@pytest.fixture
def stores(tmp_path, operations_url):
    (tmp_path / "first").mkdir()
    return make_home(tmp_path / "first", operations_url, contacts=240)


def approved(stores, folder):
    plan_id = plan_campaign(stores, write_order(folder)).plan_id
    approve_plan(stores, plan_id, "second")
    return plan_id


def put_back(stores, folder, url=None):
    """The home that a backup is put back into."""
    settings = load_settings(environment(folder / "second", stores.settings.config, url))
    restore_backup(settings, folder / "backup", "operator", stores.clock.now())
    return open_stores(settings)


def counts(engine):
    with engine.connect() as work:
        return {
            table.name: work.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name not in ("restorations", "journal")
        }


def listened(stores, running):
    point_gateway(stores, running.url)
    gateway = open_gateway(read_gateway(stores.settings.config / "gateways", "simulator"))
    take_in(stores, "simulator", gateway, 0.0)


def test_a_backup_is_put_back_whole(stores, tmp_path):
    approved(stores, tmp_path)
    opt_out(stores, "06 39 98 00 42", "letter")
    made = make_backup(open_stores(stores.settings), tmp_path / "backup")
    again = put_back(stores, tmp_path)
    assert made.rows > 216 and counts(again.engine) == counts(stores.engine)
    for file in stores.home.vault.rglob("*.parquet"):
        assert (again.home.root / file.relative_to(stores.home.root)).read_bytes() == file.read_bytes()
    opt_out(again, "06 39 98 00 43", "letter")  # counters go on where they were
    assert counts(again.engine)["opt_outs"] == 2


def test_a_backup_of_sqlite_is_put_back_into_postgresql(tmp_path, postgres_url):
    (tmp_path / "first").mkdir()
    stores = make_home(tmp_path / "first", None, contacts=240)
    opt_out(stores, "06 39 98 00 42", "letter")
    make_backup(open_stores(stores.settings), tmp_path / "backup")
    again = put_back(stores, tmp_path, postgres_url)
    opt_out(again, "06 39 98 00 43", "letter")
    assert counts(again.engine)["opt_outs"] == 2


def test_a_ledger_older_than_the_gateway_does_not_send(stores, tmp_path):
    plan_id = approved(stores, tmp_path)
    make_backup(open_stores(stores.settings), tmp_path / "backup")
    record = tmp_path / "received.jsonl"
    with simulator(record, missing_report_every=1) as running:
        listened(stores, running)
        send_plan(stores, plan_id, limit=50)
        again = put_back(stores, tmp_path)
        listened(again, running)
        with pytest.raises(Refused, match="does not know") as refusal:
            send_plan(again, plan_id)
    assert refusal.value.code == "LEDGER_OLDER"
    assert len(received_lines(record)) == 50


def test_a_report_of_what_was_never_sent_here_stops_sending_too(stores, tmp_path):
    """Also where a person answered too soon, and where the gateway cannot be asked."""
    plan_id = approved(stores, tmp_path)
    make_backup(open_stores(stores.settings), tmp_path / "backup")
    record = tmp_path / "received.jsonl"
    with simulator(record, report_delay_seconds=0.0) as running:
        listened(stores, running)
        send_plan(stores, plan_id, limit=50)
        again = put_back(stores, tmp_path)
        answer_for_restoration(again, "Camille Second", "the list of the day is empty")
        listened(again, running)
        with pytest.raises(Refused, match="never sent"):
            send_plan(again, plan_id)
    assert len(received_lines(record)) == 50


def test_a_ledger_that_knows_everything_goes_on(stores, tmp_path):
    plan_id = approved(stores, tmp_path)
    record = tmp_path / "received.jsonl"
    with simulator(record) as running:
        listened(stores, running)
        send_plan(stores, plan_id, limit=50)
        make_backup(open_stores(stores.settings), tmp_path / "backup")
        again = put_back(stores, tmp_path)
        listened(again, running)
        send_plan(again, plan_id)
    lines = received_lines(record)
    assert len(lines) == len({line["to"] for line in lines}) == 216
    with again.engine.connect() as work:
        assert work.execute(select(func.count()).select_from(messages)).scalar_one() == 216


def test_without_the_gateways_word_a_person_answers(stores, tmp_path):
    plan_id = approved(stores, tmp_path)
    make_backup(open_stores(stores.settings), tmp_path / "backup")
    again = put_back(stores, tmp_path)
    with simulator(None) as running:  # without a durable record it proves nothing
        listened(again, running)
        with pytest.raises(Refused, match="cannot tell"):
            send_plan(again, plan_id)
        answer_for_restoration(again, "Camille Second", "the operator's list of the day is empty")
        assert send_plan(again, plan_id).accepted == 216
    with pytest.raises(UsageError, match="No restoration"):
        answer_for_restoration(again, "Camille Second", "twice")


def test_proof_of_the_gateway_wins_over_a_persons_word(stores, tmp_path):
    plan_id = approved(stores, tmp_path)
    make_backup(open_stores(stores.settings), tmp_path / "backup")
    record = tmp_path / "received.jsonl"
    with simulator(record, missing_report_every=1) as running:
        listened(stores, running)
        send_plan(stores, plan_id, limit=50)
        again = put_back(stores, tmp_path)
        answer_for_restoration(again, "Camille Second", "the list of the day is empty")
        listened(again, running)
        with pytest.raises(Refused, match="does not know"):
            send_plan(again, plan_id)
        later = plan_campaign(again, write_order(tmp_path, campaign_id="T-2")).plan_id  # made since: nothing to compare
        with again.engine.connect() as work:
            assert [_came_with_a_backup(again, work, one) for one in (plan_id, later)] == [True, False]
    assert len(received_lines(record)) == 50


def test_what_is_there_is_never_written_over_and_an_altered_backup_is_refused(tmp_path):
    (tmp_path / "first").mkdir()
    stores = make_home(tmp_path / "first", None, contacts=240)
    opened = open_stores(stores.settings)
    make_backup(opened, tmp_path / "backup")
    with pytest.raises(UsageError, match="not an empty folder"):
        make_backup(opened, tmp_path / "backup")
    with pytest.raises(UsageError, match="not an empty folder"):
        restore_backup(stores.settings, tmp_path / "backup", "operator", stores.clock.now())
    file = next((tmp_path / "backup").rglob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(UsageError, match="not what was written"):
        put_back(stores, tmp_path)
    shutil.rmtree(tmp_path / "backup" / "home")
    (tmp_path / "backup" / "backup.json").unlink()
    with pytest.raises(UsageError, match="not a whole backup"):
        put_back(stores, tmp_path)
