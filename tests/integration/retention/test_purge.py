"""What is older than it may be kept goes, to the day; whatever kills the purge, the rest stands and verifies."""

import gzip
import json
import re
import shutil
import signal
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from consent.acts.person_acts import ActKind, FactKind, record_fact, suppress
from lineage.erasure.erasure import begin_erasures
from lineage.erasure.erasure_files import erase_from_lake
from lineage.erasure.erasure_traces import find_traces
from partners_ingest.rows.phone import NOWHERE, read_phone
from retention.due_persons import find_due_persons
from retention.periods import Kept, read_retention
from retention.purge import find_due, purge
from stores.all_stores import open_stores
from stores.engine import connect
from stores.home import init_home, writer_lock
from stores.lake import reading_name
from stores.migrations.migrate import migrate
from stores.operations import (
    all_tables,
    database,
    erasure_tables,
    log_tables,
    message_tables,
    person_tables,
    plan_tables,
)
from stores.schemas import delivered_rows, vault_tables
from terms import failpoint
from terms.environment import NUMBER_RULES, Environment
from terms.settings import PROJECT_ROOT, load_settings
from tests.commands import Shell
from tests.integration.sealing.test_transparency_log import Stage
from tests.scenes.searches import canaries
from tests.scenes.searches.person_search import PersonSearch
from tests.scenes.sends.small_send_home import number
from verifier import filiation_verify as stranger

#: A delivery tells opt-ins, with what takes them back, or withdrawals.
DELIVERIES = {
    delivered_rows.OPT_INS: "0123456789abcdef",
    delivered_rows.WITHDRAWAL_SIGNALS: "0123456789abcdef",
    delivered_rows.WITHDRAWALS: "fedcba9876543210",
}
#: Who of the sample did nothing from this instant on goes at the instant `AT`.
DAY, AT = "2025-12-31T23:00:00Z", "2028-12-31T12:00:00+01:00"
NOW = "2026-11-23T23:59:59+01:00"
#: The last instant of the day 36 months earlier, in Paris, and the first of the next.
OLD, YOUNG = datetime(2023, 11, 23, 22, 59, 59, tzinfo=UTC), datetime(2023, 11, 23, 23, 0, tzinfo=UTC)
ANCIENT = datetime(2021, 5, 1, tzinfo=UTC)
PERSONS = read_retention(PROJECT_ROOT / "config" / "retention")[0]


#: Steps of an erasure at which what is left for the next run differs.
KILLED_AT = [
    "erasure.marked",
    "erasure.file_redacted",
    "erasure.vault_erased",
    "erasure.ledger_changed",
]


def silent(_):
    pass


def purged(stores):
    with writer_lock(stores.home):
        return purge(stores, silent)


class Files:
    """A home whose lake tells rows of persons that a test writes; no base, no evidence."""

    def __init__(self, folder):
        told = {"FILIATION_ENV": "test", "FILIATION_HOME": str(folder / "home"), "FILIATION_NOW": NOW}
        settings = load_settings(told)
        init_home(settings)
        self.stores = open_stores(settings)
        migrate(self.stores.engine)
        self._rows = {delivered_rows.OPT_INS: [], delivered_rows.WITHDRAWALS: [], delivered_rows.WITHDRAWAL_SIGNALS: []}

    def contact(self, index):
        return self.stores.keys.contact_id(number(index))

    def tells(self, table, index, **cells):
        contact = None if index is None else self.contact(index)
        row = {"delivery_id": DELIVERIES[table], "line_number": len(self._rows[table]) + 1, "contact_id": contact}
        received = max(cell for cell in [*cells.values(), ANCIENT] if isinstance(cell, datetime))
        self._rows[table].append({**row, "partner_id": "p", "received_at": received, **cells})

    def due(self, at=NOW):
        for table, rows in self._rows.items():
            if not rows:
                continue
            selected = " union all ".join(
                "select " + ", ".join(f"{_sql(row.get(c.name))}::{c.type} as {c.name}" for c in table.columns)
                for row in rows
            )
            with connect() as lake:
                self.stores.lake.write(lake, table, reading_name(DELIVERIES[table], 1), selected)
        return find_due_persons(self.stores, PERSONS, datetime.fromisoformat(at)).contact_ids


def _sql(value):
    if value is None:
        return "null"
    return f"'{value.replace(tzinfo=None)}'" if isinstance(value, datetime) else f"'{value}'"


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def test_a_person_goes_on_the_very_day_36_months_after_the_last_act(files):
    files.tells(delivered_rows.OPT_INS, 0, flag="given", consented_at=OLD)
    files.tells(delivered_rows.OPT_INS, 1, flag="given", consented_at=YOUNG)
    assert files.due() == (files.contact(0),)  # midnight in Paris lies between the two
    assert files.due("2026-11-23T00:00:00+01:00") == (files.contact(0),)
    assert files.due("2026-11-22T23:59:59+01:00") == ()
    assert files.due("2026-11-24T00:00:00+01:00") == tuple(sorted([files.contact(0), files.contact(1)]))


@pytest.mark.parametrize("flag", ["given", "refused"])
def test_the_last_of_several_acts_counts_a_refusal_too(files, flag):
    files.tells(delivered_rows.OPT_INS, 0, flag="given", consented_at=ANCIENT)
    files.tells(delivered_rows.OPT_INS, 0, flag=flag, consented_at=YOUNG)
    files.tells(delivered_rows.OPT_INS, 1, flag="given", consented_at=ANCIENT)
    assert files.due() == (files.contact(1),)


def test_a_withdrawal_is_an_act_by_number_by_record_and_as_a_signal(files):
    for index in range(4):
        files.tells(delivered_rows.OPT_INS, index, flag="given", consented_at=ANCIENT, source_key=f"k{index}")
    files.tells(delivered_rows.WITHDRAWALS, 0, withdrawn_at=YOUNG, withdrawn_at_quality="exact_utc")
    files.tells(delivered_rows.WITHDRAWALS, None, source_key="k1", withdrawn_at=YOUNG, withdrawn_at_quality="exact_utc")
    files.tells(delivered_rows.WITHDRAWAL_SIGNALS, 2, withdrawn_at=YOUNG, withdrawn_at_quality="exact_utc")
    assert files.due() == (files.contact(3),)


def test_what_a_person_told_us_is_an_act_and_what_we_did_is_none(files):
    acts = [*FactKind, ActKind.STOP, "reply", "request"]
    with database.transaction(files.stores.engine) as work:
        for index, kind in enumerate(acts):
            files.tells(delivered_rows.OPT_INS, index, flag="given", consented_at=ANCIENT)
            _write(work, files.contact(index), kind)
    due = set(files.due())
    of_ours = {FactKind.ACCESS_ANSWER, FactKind.UNKNOWN_SUBSCRIBER}
    assert {kind for index, kind in enumerate(acts) if files.contact(index) in due} == of_ours


def _write(work, contact, kind):
    at, micros = YOUNG + timedelta(hours=1), int(YOUNG.timestamp() * 1e6)
    if isinstance(kind, FactKind):
        record_fact(work, contact, kind, "test", occurred_at=at, known_at=at)
    elif kind == ActKind.STOP:
        suppress(work, contact, kind, "test", effective_at=at, known_at=at)
    elif kind == "reply":
        told = {"reply_id": "r", "gateway": "g", "meaning": "other", "at": micros, "known_at": micros}
        work.execute(message_tables.replies.insert().values(contact_id=contact, **told))
    else:
        told = {"request_id": "q", "kind": "access", "source": "letter", "entered_by": "x", "late_at": micros + 1}
        told |= {"received_at": micros, "entered_at": micros}
        work.execute(person_tables.requests.insert().values(contact_id=contact, **told))


def test_a_file_that_tells_an_old_act_again_makes_it_no_younger(files):
    for exported in (ANCIENT, YOUNG):  # an act without instant had happened by the first file that told its record
        files.tells(delivered_rows.OPT_INS, 0, flag="refused", source_key="k0", exported_at=exported)
        files.tells(delivered_rows.WITHDRAWALS, 0, withdrawn_at=exported, withdrawn_at_quality="export_instant")
    files.tells(delivered_rows.OPT_INS, 1, flag="given", consented_at=YOUNG + timedelta(days=900), received_at=ANCIENT)
    files.tells(delivered_rows.OPT_INS, 2, flag="refused", source_key="k2", exported_at=YOUNG)
    for flag, exported in (("given", ANCIENT), ("refused", YOUNG)):  # what says something else is another act
        files.tells(delivered_rows.OPT_INS, 3, flag=flag, source_key="k3", exported_at=exported)
    for _ in range(2):  # without an id nobody knows that it is the same record
        files.tells(delivered_rows.OPT_INS, 4, flag="refused", exported_at=YOUNG)
    assert files.due() == tuple(sorted([files.contact(0), files.contact(1)]))  # nothing happened after it was received


def test_a_withdrawal_of_a_record_that_two_persons_had_stays_for_the_other(files):
    """Under one key of a partner stood first one number, then another: who of them is erased takes nothing from the other."""
    for index, key in ((0, "both"), (1, "both"), (1, "own")):
        files.tells(delivered_rows.OPT_INS, index, flag="given", consented_at=ANCIENT, source_key=key)
    for table in (delivered_rows.WITHDRAWALS, delivered_rows.WITHDRAWAL_SIGNALS):
        files.tells(table, 1, source_key="both", withdrawn_at=YOUNG)
        files.tells(table, 1, source_key="own", withdrawn_at=YOUNG)
        files.tells(table, 1, withdrawn_at=YOUNG)
    files.due()
    (person,) = begin_erasures(files.stores, {number(1): files.stores.keys.suppression.hex(number(1))}, "C-1")
    erase_from_lake(files.stores, [person], find_traces(files.stores, [person], silent))
    with connect() as lake:
        for table, wanted in (
            (delivered_rows.OPT_INS, [(files.contact(0), "both")]),
            (delivered_rows.WITHDRAWALS, [(None, "both")]),
            (delivered_rows.WITHDRAWAL_SIGNALS, [(None, "both")]),
        ):
            left = files.stores.lake.sql(table, [reading_name(DELIVERIES[table], 1)])
            assert lake.execute(f"select contact_id::varchar, source_key from ({left})").fetchall() == wanted
    with files.stores.engine.connect() as reading:
        taken_out = reading.execute(select(func.sum(erasure_tables.erased_rows.c.accepted_rows))).scalar_one()
    assert taken_out == 2 + 2  # opt-ins and withdrawals: what stays is still counted where it stands


class _Died(Exception):
    """The process was killed here."""


def _dies_at(wanted):
    def reach(step):
        if step == wanted:
            raise _Died

    return reach


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A plan that was sent and reported, sealed twice."""
    return Stage(tmp_path_factory.mktemp("records"))


def moved(stores, at):
    environ = {"FILIATION_ENV": "test", "FILIATION_HOME": str(stores.home.root), "FILIATION_NOW": at}
    environ["FILIATION_CONFIG"] = str(stores.settings.config)
    return open_stores(load_settings(environ))


def rows_of(stores):
    with stores.engine.connect() as reading:
        return {
            table.name: reading.execute(select(func.count()).select_from(table)).scalar_one()
            for table in all_tables.metadata.sorted_tables
        }


def test_records_of_a_campaign_go_after_seven_years_whatever_kills_the_purge(stage, monkeypatch):
    window_to = stage.rows(select(plan_tables.plans.c.window_to))[0].window_to
    last_on = datetime.fromtimestamp(window_to / 1e6, UTC).date()
    before = moved(stage.stores, f"{last_on.year + 7}-{last_on:%m-%d}T00:00:00+01:00")
    early = moved(stage.stores, f"{(last_on.replace(year=last_on.year + 7) - timedelta(days=1))}T12:00:00+01:00")
    held = rows_of(early)
    assert [due.counts["ledger"]["plans"] for due in find_due(early) if due.rule.kept is Kept.CAMPAIGN_RECORDS] == [0]
    assert purged(early) == [] and rows_of(early)["messages"] == held["messages"] == 216
    for step in ("purge.seals_emptied", "purge.records_deleted"):
        with monkeypatch.context() as patched, pytest.raises(_Died):
            patched.setattr(failpoint, "reach", _dies_at(step))
            purged(before)
    (receipt,) = purged(before)  # of the one that was killed after it had deleted everything
    assert receipt.purge_id == "RECORDS_7Y/1"
    assert (receipt.counts["plans"], receipt.counts["messages"]) == (1, 216)
    left = rows_of(before)
    gone = ("plans", "messages", "message_events", "approvals", "bureau_holdings", "message_texts", "sealed_messages")
    assert {left[name] for name in gone} == {0} and held["message_events"] == receipt.counts["message_events"] > 0
    assert stage.plan_id not in json.dumps([list(map(str, row)) for row in stage.rows(select(log_tables.journal))])
    assert not stage.mismatches()
    root = stage.log.last_checkpoint().root
    assert stranger.entry_root(receipt.proof.to_json()) == root
    assert purged(before) == []


@pytest.fixture(scope="module")
def home(sample_of_module):
    """The home of the sample at the day of the purge."""
    shell, _ = sample_of_module
    return Shell(shell.home, {**shell.settings, "FILIATION_NOW": AT})


def told_of(shell, numbers, file):
    file.write_text("\n".join(numbers))
    answer = shell.run("lineage", "--from-file", str(file), "--reason", "test", "--case", "T", "--json")
    assert answer.code == 0, answer.err
    return [{name: value for name, value in line.items() if name != "as_of"} for line in answer.lines()]


def everybody(shell):
    stores = open_stores(load_settings(shell.environ()))
    with stores.vault.identities(stores.vault.files(vault_tables.IDENTITIES)) as vault:
        rows = vault.execute("select distinct e164 from identities where e164 is not null order by 1").fetchall()
    stores.engine.dispose()
    return [e164 for (e164,) in rows]


def last_act_of(line):
    """The last event of a provenance; one who only ever refused, without instant, did so by the first file."""
    if line["events"]:
        return max(event["at"] or event["known_at"] for event in line["events"])
    return min(re.search(r"_(\d{4})(\d\d)(\d\d)T", row["file"]).expand(r"\1-\2-\3") for row in line["opt_ins"])


def test_a_killed_purge_of_persons_is_ended_by_the_next_and_leaves_everybody_else(home, tmp_path):
    lines = told_of(home, everybody(home), tmp_path / "all")
    last = {line["number"]: last_act_of(line) for line in lines}
    gone = [number for number, at in last.items() if at < DAY]
    rest = [line for line in lines if line["number"] not in gone]
    assert 5 < len(gone) < len(lines) - 5
    (told, _) = home.run("purge", "--dry-run", "--json").lines()
    assert told["counts"]["vault"] == {"persons": len(gone)}
    for step in KILLED_AT:
        answer = home.run("purge", FAILPOINT=step)
        assert answer.code == -signal.SIGKILL, (step, answer.err)
    ended = home.run("purge", "--json")
    assert ended.code == 0, ended.err
    (receipt,) = ended.lines()
    assert (receipt["purge_id"], receipt["counts"]["persons"]) == ("CONSENT_36M/1", len(gone))
    assert receipt["counts"]["lines"] >= receipt["counts"]["opt_ins"] >= len(gone)
    stores = open_stores(load_settings(home.environ()))
    search = PersonSearch(stores, gone)
    assert search.is_trace(f"x {gone[0]} y")  # positive control
    assert search.places() == []
    assert not [text for text in (ended.out, ended.err) if search.is_trace(text)]
    stores.engine.dispose()
    assert told_of(home, [line["number"] for line in rest], tmp_path / "rest") == rest
    assert home.run("log", "check").code == 0
    assert home.run("purge", "--json").out == ""


def test_nobody_returns_when_a_partner_delivers_again_but_who_was_purged_and_agrees_anew(home, tmp_path):
    """In a file that is new, in one that repeats another, and in one that nobody can read; one number is erased, too."""
    assert home.run("erase", canaries.NUMBER, "--case", "C-1").code == 0
    landing = tmp_path / "landing"
    shutil.copytree(home.settings["FILIATION_LANDING"], landing)
    partner = landing / "jeux-valombre"
    stores = open_stores(load_settings(home.environ()))
    planted = gzip.decompress((partner / canaries.FILE).read_bytes()).splitlines()
    lines = gzip.decompress((partner / "jeux_participations_20251130T020000Z.jsonl.gz").read_bytes()).splitlines()
    gone = {place: e164 for place, line in enumerate(lines) if (e164 := e164_of(line)) and is_marked(stores, e164)}
    (place, e164), *others = gone.items()
    assert len(others) > 5
    anew = re.sub(rb'tedAt":"[^"]+', b'tedAt":"2028-12-30T10:00:00.000Z', lines[place])
    again = [re.sub(rb'"id":"[^"]{8}', b'"id":"%08X' % i, line) for i, line in enumerate([*lines, *planted, anew])]
    name = "jeux_participations_20281231T020000Z.jsonl.gz"
    (partner / name).write_bytes(gzip.compress(b"\n".join(again) + b"\n"))
    (partner / canaries.FILE.replace("20261123", "20281230")).write_bytes(gzip.compress(b"\n".join(planted) + b"\n"))
    (partner / "unknown.dat").write_bytes(f"a;{canaries.NUMBER};b\nc;d;e\n".encode())
    done = home.run("refresh", "--json", at="2029-01-02T09:00:00+01:00", LANDING=str(landing))
    assert done.code == 0, done.err
    delivery = next(row["delivery_id"] for row in home.run("deliveries", "--json").lines() if row["file"] == name)
    told = [line for line in home.run("quarantine", "--json").lines() if line["delivery_id"] == delivery]
    erased = {line["line"] for line in told if line["reasons"] == ["PERSON_ERASED"]}
    named = {len(lines) + i + 1 for i, line in enumerate(planted) if e164_of(line) == canaries.NUMBER}
    assert erased == {i + 1 for i in gone} | named and named
    told = home.run("lineage", e164, "--reason", "test", "--json").json()
    assert [(row["line"], row["consented_at"][:10]) for row in told["opt_ins"]] == [(len(again), "2028-12-30")]
    assert told["verdicts"]["sms"]["strict"]["verdict"]
    for number_of in (others[0][1], canaries.NUMBER):
        assert not home.run("lineage", number_of, "--reason", "test", "--json").json()["known"]
    assert home.run("log", "check").code == 0
    left = PersonSearch(stores, [canaries.NUMBER]).places()
    stores.engine.dispose()
    assert left == []


def is_marked(stores, e164):
    table = erasure_tables.suppression_marks
    with stores.engine.connect() as reading:
        wanted = select(table.c.mark).where(table.c.mark == stores.keys.suppression.hex(e164))
        return reading.execute(wanted).first() is not None


def e164_of(line):
    found = re.search(rb'"variable": ?"mobile", ?"responses": ?\[{"value": ?"([^"]*)"', line)
    return found and read_phone(found.group(1).decode(), NOWHERE, NUMBER_RULES[Environment.TEST]).e164
