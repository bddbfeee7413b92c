"""Persons are erased from every store, whatever kills the process on the way; everything else stands and verifies."""

import json
import signal

import pytest
from sqlalchemy import select

from consent.acts.act_entry import ActDesk, TypedAct, enter_act
from consent.acts.person_acts import ActKind
from consent.acts.requests import Answer, answer_request, open_requests
from lineage.erasure.erasure import erase, receipt_of
from partners_ingest.rows.asked_numbers import number_reader
from partners_ingest.rows.phone import read_asked_number
from sealing.seals.message_proofs import prove_message
from sends.gateways.gateway import EventKind, GatewayEvent
from sends.inbound.listener import take_in
from sends.inbound.opt_outs import opt_out
from sends.ledger.messages import count_states
from sends.ledger.plan_rows import find_plan
from sends.plans.approval import approved_sha256
from stores.all_stores import open_stores
from stores.home import writer_lock
from stores.operations import (
    all_tables,
    delivery_tables,
    erasure_tables,
    log_tables,
    message_tables,
    person_tables,
    plan_tables,
)
from terms.environment import NUMBER_RULES
from terms.errors import UsageError
from terms.identifiers import send_id
from terms.settings import load_settings
from tests.commands import Shell
from tests.integration.sealing.test_transparency_log import CONTACTS, Stage
from tests.scenes.searches import canaries
from tests.scenes.searches.person_search import PersonSearch
from tests.scenes.sends.small_send_home import number
from verifier import filiation_verify as stranger

SHOWN = "+33639980042"  # in two partners' files
STEPS = [
    "erasure.marked",
    "erasure.searched",
    "erasure.file_redacted",
    "erasure.evidence_redacted",
    "erasure.vault_erased",
    "erasure.lake_erased",
    "erasure.base_journalled",
    "erasure.base_published",
    "erasure.seals_forgotten",
    "erasure.ledger_changed",
    "erasure.ledger_erased",
]


def silent(_):
    pass


def erased(stores, *numbers, case="C-1"):
    with writer_lock(stores.home):
        return erase(stores, numbers, case=case, reason="test", progress=silent)


def everything(engine):
    with engine.connect() as reading:
        return json.dumps(
            [[list(row) for row in reading.execute(select(t))] for t in all_tables.metadata.sorted_tables]
        )


@pytest.fixture
def stage(tmp_path, operations_url):
    return Stage(tmp_path, operations_url)


def test_messages_and_acts_stay_as_counts_about_nobody(stage):
    gone, kept = number(0), number(2)
    contact = stage.stores.keys.contact_id(gone)
    with stage.stores.engine.connect() as reading:
        states = count_states(reading, stage.plan_id)
        send = reading.execute(
            select(message_tables.messages.c.send_id).where(message_tables.messages.c.contact_id == contact)
        ).scalar_one()
    (receipt,) = erased(stage.stores, gone)
    text = everything(stage.stores.engine)
    assert contact not in text and contact.replace("-", "") not in text
    assert send_id(stage.plan_id, contact) not in text  # an id that could be computed from the person
    (message,) = stage.rows(select(message_tables.messages).where(message_tables.messages.c.send_id == send))
    assert message.contact_id != contact and message.gateway_message_id is None  # its drawn id leads to nobody
    details = stage.rows(
        select(message_tables.message_events.c.state, message_tables.message_events.c.detail).where(
            message_tables.message_events.c.send_id == send
        )
    )
    assert {state for state, detail in details if detail is not None} == {"CLAIMED"}  # our own reference
    assert receipt.mark in text
    with stage.stores.engine.connect() as reading:
        assert count_states(reading, stage.plan_id) == states
        approved = reading.execute(select(plan_tables.approvals.c.approved_sha256)).scalar_one()
        assert approved == approved_sha256(reading, find_plan(reading, stage.plan_id))
        assert len(reading.execute(select(person_tables.opt_outs)).all()) == 1  # the STOP counts, it is nobody's
    assert (receipt.found.sends, receipt.found.acts) == (1, 1)
    assert not stage.mismatches()
    log = stage.log
    other = stage.stores.keys.contact_id(kept)
    send_of_other = stage.rows(
        select(message_tables.messages.c.send_id).where(message_tables.messages.c.contact_id == other)
    )
    proof = prove_message(log, log.last_checkpoint(), stage.plan_id, send_of_other[0].send_id)
    sealed = json.loads(proof.batch.text)["payload"]
    assert stranger.entry_root(proof.message.to_json()).hex() == sealed["root"]


def test_the_receipt_is_proved_by_the_log_and_an_erasure_of_nobody_too(stage):
    receipts = erased(stage.stores, number(0), number(CONTACTS + 5))
    root = stage.log.last_checkpoint().root
    for receipt in receipts:
        assert stranger.entry_root(receipt.proof.to_json()) == root
        assert json.loads(receipt.proof.text)["payload"]["mark"] == receipt.mark
        assert receipt_of(stage.stores, receipt.erasure_id) == receipt
    assert receipts[1].found.sends == 0
    again = erased(stage.stores, number(0))
    assert [receipt.erasure_id for receipt in again] == [receipts[0].erasure_id]


def test_a_build_that_failed_goes_even_where_the_base_holds_nothing_of_the_person(stage):
    warehouse = stage.stores.warehouse
    left = [warehouse.build_path, warehouse.steps_path]
    for file in left:
        file.write_text("of a run that failed")
    erased(stage.stores, number(CONTACTS + 5))
    assert not [file.name for file in left if file.exists()]


def test_a_salt_that_no_erasure_tells_of_is_found(stage):
    erased(stage.stores, number(0))
    leaves = log_tables.log_leaves
    line = stage.rows(select(leaves).where(leaves.c.salt.is_not(None)))[3]
    stage.change(leaves, {"salt": None}, leaves.c.position == line.position)
    assert len(stage.mismatches()) == 1


class Phone:
    """A gateway that hands in what phones wrote."""

    def __init__(self, *replies):
        self._replies = replies

    def events(self, wait_seconds):
        told = enumerate(self._replies)
        return [GatewayEvent(f"r{i}", EventKind.MO, phone=e164, text=text) for i, (e164, text) in told]

    def acknowledge(self, events):
        pass


def test_what_an_erased_person_does_later_is_written_about_nobody(stage):
    gone, kept = number(3), number(4)
    erased(stage.stores, gone)
    stores, desk, now = (
        stage.stores,
        ActDesk(stage.stores, number_reader(stage.stores.number_rules)),
        stage.stores.clock.now(),
    )
    before = len(stage.rows(select(person_tables.opt_outs)))
    opt_out(stores, gone, "letter")
    requests = {
        enter_act(desk, TypedAct(gone, kind, now.isoformat(), "letter 9")).request_id
        for _ in range(2)  # entered a second time it changes nothing
        for kind in ActKind
    }
    take_in(stores, "simulator", Phone((gone, "STOP"), (gone, "oui"), (kept, "STOP")), 0.0)
    contact = stage.stores.keys.contact_id(gone)
    text = everything(stage.stores.engine)
    assert contact not in text and contact.replace("-", "") not in text
    assert len(stage.rows(select(person_tables.opt_outs))) == before + 1  # of the one who is kept
    assert [row.meaning for row in stage.rows(select(message_tables.replies.c.meaning))].count("stop") == 2
    waiting = open_requests(stage.stores.engine, now)
    assert sorted(request.kind for request in waiting) == ["access", "erasure", "objection", "withdrawal"]
    lists = ("sponsors", "send_times", "source_partner", "proof")
    for request in waiting:
        assert request.request_id in requests
        answer = Answer(stage.stores.clock.now(), "We hold nothing.", lists if request.kind == "access" else ())
        assert answer_request(desk, request.request_id, answer) == 1
    assert contact not in everything(stage.stores.engine)


@pytest.fixture(scope="module")
def home(sample_of_module):
    """The home of the sample an hour later."""
    shell, _ = sample_of_module
    return Shell(shell.home, {**shell.settings, "FILIATION_NOW": "2026-11-24T10:00:00+01:00"})


def stores_of(shell):
    return open_stores(load_settings(shell.environ()))


def others(shell, gone):
    from stores.schemas import vault_tables

    stores = stores_of(shell)
    with stores.vault.identities(stores.vault.files(vault_tables.IDENTITIES)) as vault:
        rows = vault.execute("select distinct e164 from identities where e164 is not null order by 1").fetchall()
    stores.engine.dispose()
    return [e164 for (e164,) in rows if e164 not in gone]


def lineage(shell, numbers, file):
    file.write_text("\n".join(numbers))
    answer = shell.run("lineage", "--from-file", str(file), "--reason", "test", "--case", "T", "--json")
    assert answer.code == 0, answer.err
    return [{name: value for name, value in line.items() if name != "as_of"} for line in answer.lines()]


def test_a_killed_erasure_is_ended_by_the_next_and_leaves_nothing(home, tmp_path):
    gone = [SHOWN, canaries.NUMBER]
    rest = others(home, gone)
    before = lineage(home, rest, tmp_path / "rest")
    for number_asked in gone:
        assert home.run("lineage", number_asked, "--reason", "control", "--json").json()["known"]
    for step in STEPS:
        answer = home.run("erase", *gone, "--case", "C-1", FAILPOINT=step)
        assert answer.code == -signal.SIGKILL, (step, answer.err)
        assert not home.run("lineage", SHOWN, "--reason", "control", "--json").json()["known"], step
    ended = home.run("erase", *gone, "--case", "C-1", "--json")
    assert ended.code == 0, ended.err
    found = ended.lines()
    assert [line["found"]["opt_ins"] > 0 for line in found] == [True, True]
    assert all(line["found"]["lines"] >= line["found"]["opt_ins"] for line in found)
    stores = stores_of(home)
    search = PersonSearch(stores, gone)
    assert search.is_trace("x 06.39.98.00.42 y")  # positive control
    assert search.places() == []
    assert not [text for text in (ended.out, ended.err) if search.is_trace(text)]
    with stores.warehouse.open_base() as base:
        counted = "select sum(contacts) from situation_counts where changed_at = (select min(changed_at) from situation_counts)"
        assert base.execute(counted).fetchone() == base.execute("select count(*) from contacts").fetchone()
    assert home.run("log", "check").code == 0
    assert lineage(home, rest, tmp_path / "rest") == before
    assert not [line for line in lineage(home, gone, tmp_path / "gone") if line["known"]]
    again = home.run("erase", *gone, "--case", "C-1", "--json").lines()
    assert [line["erasure_id"] for line in again] == [line["erasure_id"] for line in found]
    stores.engine.dispose()


def test_every_other_line_of_a_redacted_file_still_verifies(home):
    stores = stores_of(home)
    with stores.engine.connect() as reading:
        redacted = reading.execute(select(erasure_tables.redacted_lines)).all()
        kept = reading.execute(
            select(delivery_tables.deliveries).where(
                delivery_tables.deliveries.c.delivery_id == redacted[0].delivery_id
            )
        ).one()
    lines = {row.line_number for row in redacted if row.delivery_id == kept.delivery_id}
    assert 0 < len(lines) < kept.line_count
    for line in range(1, min(kept.line_count, 12) + 1):
        answer = home.run("evidence", kept.delivery_id, str(line), "--reason", "test")
        assert answer.code == (UsageError.exit_code if line in lines else 0), answer.err
    answer = home.run("evidence", kept.delivery_id, str(min(lines)), "--reason", "test")
    assert answer.out == "" and "a person was erased" in answer.err
    stores.engine.dispose()


def test_a_case_is_needed_and_a_text_that_is_no_number_is_told_by_its_place(home):
    assert home.run("erase", SHOWN).code == 2
    answer = home.run("erase", SHOWN, "nobody", "--case", "C-2")
    assert answer.code == 2 and "cannot be read: 2" in answer.err
    assert read_asked_number(SHOWN, NUMBER_RULES[stores_of(home).settings.environment]) not in answer.err
