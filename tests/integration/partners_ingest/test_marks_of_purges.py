"""What a mark lets in at the door: later acts of who was purged, nothing of who was erased or said STOP."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from consent.acts.person_acts import ActKind, Entered, PersonAct, Subject, record_act
from lineage.erasure.erasure import begin_erasures
from lineage.erasure.erasure_ledger import erase_from_ledger, find_in_ledger
from lineage.erasure.erasure_receipt import ErasedCounts
from lineage.erasure.readmission import readmit
from partners_ingest.arrival.landing import scan_landing
from stores import all_stores as whole_stores
from stores.lake import reading_name
from stores.operations import database, erasure_tables, log_tables, person_tables
from stores.operations.suppressions import marked
from stores.schemas import delivered_rows
from terms.clock import from_micros
from terms.errors import FiliationError
from terms.settings import load_settings
from tests.scenes.door.delivery_stores import Door, open_stores
from tests.scenes.door.dossier_samples import DOSSIER, NAMES_HEADER, SIGNALS, write_dossier

#: A purge at `NOW` lets go what was before the first instant that is kept.
NOW = datetime(2026, 1, 15, 3, tzinfo=UTC)
KEPT_FROM = datetime(2025, 12, 31, 23, tzinfo=UTC)
OLD, NEW = "2026-01-01T00:59:59+02:00", "2026-01-01T01:00:00+02:00"
HEADER = NAMES_HEADER.strip() + ",gone,until\n"


def number(index):
    return f"+336399800{index:02d}"


def row(index, flag, at, until="", record=None):
    return f"{record or index},Lys,{number(index)},{flag},{at},,75011,,{until}\n"


class PurgedDoor(Door):
    """A door behind which persons were taken out."""

    @classmethod
    def at(cls, root):
        write_dossier(root / "partners", SIGNALS)
        opened = open_stores(root)
        return cls(opened.root, opened.stores)

    def whole(self, at=NOW):
        told = {"FILIATION_ENV": "test", "FILIATION_HOME": str(self.root / "home"), "FILIATION_NOW": at.isoformat()}
        return whole_stores.open_stores(load_settings(told))

    def begins(self, *indexes, acts_from=KEPT_FROM):
        stores = self.whole()
        marks = {number(index): stores.keys.suppression.hex(number(index)) for index in indexes}
        return begin_erasures(stores, marks, "T", acts_from)

    def ends(self, persons):
        stores = self.whole()
        with stores.engine.connect() as reading:
            traces = [find_in_ledger(reading, person) for person in persons]
        erase_from_ledger(stores, traces, {person.erasure_id: ErasedCounts() for person in persons}, NOW)

    def purges(self, *indexes):
        self.ends(self.begins(*indexes))

    def acts(self, index, kind, at=NOW):
        with database.transaction(self.stores.engine) as work:
            record_act(work, PersonAct(Subject.of(self.stores.keys, number(index)), kind, at, "test"), Entered(at, "t"))

    def closed(self, *indexes):
        marks = {self.stores.keys.suppression.hex(number(index)): index for index in indexes}
        with self.stores.engine.connect() as reading:
            return {marks[mark] for mark in marked(reading, list(marks))}

    def delivers(self, text, day="20260309"):
        """Take in one file; return the lines let in and the lines refused as a taken-out person's."""
        self.drop(f"names_{day}.csv", HEADER + text)
        return self.lines_of(self.one())

    def lines_of(self, report):
        assert report.outcome == "accepted"
        name = [reading_name(report.delivery_id, 1)]
        with self.whole().vault.identities(name) as vault:
            known = vault.execute("select line_number from identities order by 1").fetchall()
        rows = self.lake_rows(delivered_rows.QUARANTINE, "delivery_id, line_number, reasons")
        erased = [line for delivery, line, why in rows if (delivery, why) == (report.delivery_id, ["PERSON_ERASED"])]
        return [line for (line,) in known], erased


@pytest.fixture
def door(tmp_path):
    opened = PurgedDoor.at(tmp_path)
    yield opened
    opened.stores.engine.dispose()


def test_a_purged_person_comes_back_by_a_dated_later_act_only(door):
    door.purges(1)
    door.purges(2)
    door.begins(3)  # a purge that was killed
    door.ends(door.begins(4, acts_from=None))  # an erasure
    told = row(1, "yes", OLD) + row(1, "yes", NEW, record=11) + row(1, "yes", "", record=12)
    told += row(2, "no", "") + row(2, "yes", OLD, record=21) + row(3, "yes", NEW) + row(4, "yes", NEW)
    told += row(2, "yes", "2031-01-01T00:00:00Z", record=23)  # a slip of the pen is no later act
    assert door.delivers(told) == ([3], [2, 4, 5, 6, 7, 8, 9])
    with door.stores.engine.connect() as reading:
        redacted = reading.execute(select(erasure_tables.redacted_lines.c.line_number)).scalars().all()
    assert sorted(redacted) == [2, 4, 5, 6, 7, 8, 9]
    # who is back is told of like anybody else, as to what takes consent back; what is old stays out
    later = (
        row(1, "no", "")
        + row(1, "yes", OLD, record=13)
        + row(2, "no", "", record=22)
        + row(1, "yes", NEW, "31/12/2062", 14)
    )
    assert door.delivers(later, "20260310") == ([2, 5], [3, 4])
    assert door.lake_rows(delivered_rows.WITHDRAWAL_SIGNALS, "line_number, signal") == [(5, "end_date")]


def test_a_list_of_withdrawals_brings_nobody_back_by_its_own_date(door):
    by_number = 'mapping: {"phone": ["id"], "withdrawn_at": "left_on"}'
    write_dossier(
        door.root / "partners",
        DOSSIER.replace('mapping: {"source_record_id": "id", "withdrawn_at": "left_on"}', by_number),
    )
    door.purges(1)
    door.purges(2)
    door.drop("left_20260309.csv", f"id;left_on\n{number(1)};\n{number(1)};{OLD}\n{number(2)};{NEW}\n{number(2)};\n")
    assert door.lines_of(door.one()) == ([4], [2, 3, 5])
    door.drop("left_20260310.csv", f"id;left_on\n{number(1)};\n{number(2)};\n")
    assert door.lines_of(door.one()) == ([3], [2])


def test_a_stop_that_goes_with_its_person_is_kept_as_a_closed_mark(door):
    door.acts(1, ActKind.STOP)
    persons = door.begins(1, 2, 3)
    door.acts(2, ActKind.STOP)  # while the purge runs
    assert door.closed(1, 2, 3) == {1, 2, 3} and door.count("opt_outs") == 1
    door.ends(persons)
    assert door.closed(1, 2, 3) == {1, 2}
    assert door.delivers(row(1, "yes", NEW) + row(2, "yes", NEW) + row(3, "yes", NEW)) == ([4], [2, 3])
    door.acts(3, ActKind.STOP)  # of who is back, it counts
    assert door.count("opt_outs") == 2


def test_an_erasure_closes_the_mark_of_a_purge_for_good(door):
    door.purges(1, 2)
    door.ends(door.begins(1, acts_from=None))
    door.begins(3)
    door.ends(door.begins(3, acts_from=None))  # the purge was killed, the erasure ends it
    door.purges(1)  # nothing stands of this one: a mark that is closed stays so
    assert door.closed(1, 2, 3) == {1, 3}


def test_a_held_file_keeps_what_may_be_a_later_act(door):
    door.purges(1)
    door.ends(door.begins(2, acts_from=None))
    door.drop("unknown.csv", HEADER + row(1, "yes", NEW) + row(2, "yes", NEW))
    assert door.one().outcome == "held"
    with door.stores.engine.connect() as reading:
        assert reading.execute(select(erasure_tables.redacted_lines.c.line_number)).scalars().all() == [3]
    assert len(scan_landing(door.landing)) == 1


def test_a_second_purge_lets_in_what_is_later_still(door):
    door.purges(1)
    assert door.delivers(row(1, "yes", NEW) + row(5, "yes", NEW) + row(6, "yes", NEW)) == ([2, 3, 4], [])
    door.ends(door.begins(1, acts_from=datetime(2026, 2, 1, tzinfo=UTC)))
    told = (
        row(1, "yes", NEW, record=11) + row(1, "no", "", record=12) + row(1, "yes", "2026-02-01T00:00:00Z", record=13)
    )
    assert door.delivers(told, "20260310") == ([4], [2, 3])  # nobody is back before the new one


def test_an_erased_person_comes_back_by_a_later_act_that_somebody_has_seen_and_an_opt_out_goes_with_it(door):
    door.ends(door.begins(1, 2, acts_from=None))
    agreed = NOW + timedelta(days=40)
    stores = door.whole(agreed + timedelta(days=1))
    readmit(stores, number(1), agreed, case="DPO-1", reason="letter")
    before, after = (agreed - timedelta(seconds=1)).isoformat(), agreed.isoformat()
    told = row(1, "yes", before) + row(1, "yes", after, record=11) + row(2, "yes", after)
    assert door.delivers(told) == ([3], [2, 4])
    assert door.closed(1, 2) == {2}
    with stores.engine.connect() as reading:
        stood = reading.execute(select(person_tables.opt_outs)).one()
        entries = reading.execute(select(log_tables.journal.c.kind)).scalars().all()
    assert (stood.contact_id, stood.kind) == (stores.keys.contact_id(number(1)), "erasure")
    assert NOW <= from_micros(stood.effective_at) < agreed  # what came through a partner later is still refused
    assert entries.count("readmission") == entries.count("look_up") == 1
    door.ends(door.begins(1, acts_from=None))  # and may ask for erasure again
    assert door.closed(1, 2) == {1, 2}


def test_nobody_comes_back_without_a_later_act_or_without_having_been_taken_out(door):
    door.ends(door.begins(1, acts_from=None))
    door.begins(2)  # a purge that was killed
    door.purges(3)
    agreed = NOW + timedelta(days=40)
    stores = door.whole(agreed)
    for told, (index, since, case) in {
        "must be later than": (1, NOW, "DPO-1"),
        "not to come": (1, agreed + timedelta(days=1), "DPO-1"),
        "needs a case": (1, agreed, " "),
        "is being taken out now": (2, agreed, "DPO-1"),
        "Nobody of this number is kept out": (3, agreed, "DPO-1"),
    }.items():
        with pytest.raises(FiliationError, match=told):
            readmit(stores, number(index), since, case=case, reason="letter")
    with stores.engine.connect() as reading:
        assert reading.execute(select(person_tables.opt_outs)).all() == []
    assert door.closed(1, 2, 3) == {1, 2}
