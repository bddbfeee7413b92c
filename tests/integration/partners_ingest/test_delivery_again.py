"""Deliveries that are judged or read again: released, refused, a corrected dossier, a reading that fails.

Numbers are of ARCEP's fiction range. Outcomes of whole files are tried in `test_delivery_way`.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from partners_ingest.intake import decisions
from partners_ingest.intake.decisions import Decision
from partners_ingest.intake.overview import list_deliveries
from stores.schemas import delivered_rows
from stores.warehouse.inputs import accepted_deliveries
from terms.errors import Refused, UsageError
from tests.scenes.door.delivery_stores import (
    ROWS,
    Door,
    decision_of,
    read_in_batches,
    release_delivery,
    root_of,
)
from tests.scenes.door.dossier_samples import (
    DOSSIER,
    NAMES_HEADER,
    names_row,
    write_dossier,
)


def test_a_full_file_that_shrinks_too_much_is_held_until_a_person_releases_it(stores: Door) -> None:
    stores.drop("names_20260309.csv", NAMES_HEADER + "".join(names_row(number) for number in range(1, 11)))
    stores.drop("names_20260310.csv", ROWS)
    held = stores.refresh()[1]
    assert (held.reason, held.data_rows, held.accepted_rows) == ("ROW_COUNT_CHANGE", 3, None)
    assert held.quality is not None
    assert [check.name for check in held.quality.checks if not check.is_met] == ["change_pct", "volume"]
    root_before = root_of(stores, held.delivery_id)
    release_delivery(stores, held.delivery_id)
    released = stores.one()
    assert (released.outcome, released.accepted_rows) == ("accepted", 3)
    assert root_of(stores, held.delivery_id) == root_before
    assert stores.refresh() == []


def test_a_held_file_that_a_person_refuses_is_not_judged_again(stores: Door) -> None:
    stores.drop("surprise.csv", ROWS)
    held = stores.one()
    decisions.refuse(stores.stores.engine, decision_of(held.delivery_id, "sent by mistake"))
    write_dossier(stores.root / "partners", DOSSIER.replace("names_*.csv*", "*.csv*"))
    assert stores.refresh() == []
    (found,) = list_deliveries(stores.stores.engine)
    assert (found.outcome, found.reason) == ("refused", "UNKNOWN_FILE")
    for decide in (decisions.refuse, decisions.release, decisions.reread):
        with pytest.raises(Refused):
            decide(stores.stores.engine, decision_of(held.delivery_id, "again"))
    assert stores.count("delivery_decisions") == 1


def test_a_decision_needs_a_reason_without_a_number_and_a_delivery(stores: Door) -> None:
    stores.drop("surprise.csv", ROWS)
    held = stores.one()
    for decision in (
        decision_of(held.delivery_id, " "),
        decision_of(held.delivery_id, "ask 06 39 98 00 42"),
        decision_of("0" * 16, "why"),
    ):
        with pytest.raises(UsageError):
            decisions.refuse(stores.stores.engine, decision)
    assert stores.count("delivery_decisions") == 0


def test_a_delivery_is_read_again_by_a_corrected_dossier_and_counted_once(
    stores: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The landing folder is empty by then: what is read again is the evidence."""
    read_in_batches(monkeypatch)
    stores.drop("names_20260309.csv", ROWS + names_row(4, phone="N/A"))
    write_dossier(stores.root / "partners", DOSSIER.replace('postcode: "zip"', 'city: "zip"'))
    first = stores.one()
    columns = "delivery_id, line_number, postcode"
    before = stores.lake_rows(delivered_rows.OPT_INS, columns)
    root = root_of(stores, first.delivery_id)
    shutil.rmtree(stores.landing)
    stores.landing.mkdir()
    write_dossier(stores.root / "partners")
    assert stores.refresh() == []
    decisions.reread(stores.stores.engine, decision_of(first.delivery_id, "the postcode was mapped wrongly"))
    again = stores.one()
    assert (again.delivery_id, again.outcome, again.accepted_rows) == (first.delivery_id, "accepted", 3)
    after = stores.lake_rows(delivered_rows.OPT_INS, columns)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    assert ([row[2] for row in before], [row[2] for row in after]) == ([None] * 3, ["75011"] * 3)
    assert len(stores.lake_rows(delivered_rows.QUARANTINE, "line_number")) == 1
    (found,) = list_deliveries(stores.stores.engine)
    assert (found.reading, found.data_rows, root_of(stores, first.delivery_id)) == (2, 4, root)
    assert stores.refresh() == []


def test_a_reading_stands_when_the_next_one_fails(stores: Door) -> None:
    stores.drop("names_20260309.csv", ROWS)
    first = stores.one()
    write_dossier(
        stores.root / "partners",
        DOSSIER.replace('"phone", "agrees"', '"mobile", "agrees"').replace('["phone"]', '["mobile"]', 1),
    )
    decisions.reread(stores.stores.engine, decision_of(first.delivery_id, "a try"))
    assert stores.refresh() == []
    (found,) = list_deliveries(stores.stores.engine)
    assert (found.outcome, found.reading, found.accepted_rows, found.warnings) == ("accepted", 1, 3, ("REREAD_FAILED",))
    assert len(stores.lake_rows(delivered_rows.OPT_INS, "line_number")) == 3
    write_dossier(stores.root / "partners")
    assert stores.refresh() == []  # a person asks anew
    later = datetime(2026, 11, 2, tzinfo=UTC)
    decisions.reread(stores.stores.engine, Decision(first.delivery_id, "a person", "corrected", later))
    assert stores.one().accepted_rows == 3
    (found,) = list_deliveries(stores.stores.engine)
    assert (found.reading, found.warnings) == (2, ())


def test_a_held_file_is_judged_again_when_its_dossier_changes(stores: Door) -> None:
    stores.drop("names_20260309.csv", ROWS)
    write_dossier(stores.root / "partners", DOSSIER.replace('encoding: "utf-8"', 'encoding: "cp1250"', 1))
    held = stores.one()
    assert (held.reason, held.detail) == ("NO_READER", "encoding cp1250")
    assert stores.refresh() == []
    write_dossier(stores.root / "partners")
    assert stores.one().outcome == "accepted"
    assert stores.count("deliveries") == 1
    assert stores.count("journal") == 2


def test_a_word_that_the_dossier_learns_later_counts_in_rows_of_before(stores: Door) -> None:
    """Until then the lake has a hash of it; a dossier that learns another word changes nothing."""
    stated = DOSSIER.replace('"zip"]', '"zip", "form"]', 1).replace(
        'postcode: "zip"', 'postcode: "zip"\n      form_version: "form"', 1
    )
    stated = stated.replace(', "form_version": "AL1"}', "}", 1)
    write_dossier(stores.root / "partners", stated)
    rows = "".join(f"{names_row(number).strip()},{form}\n" for number, form in ((1, "AL1"), (2, "AL2"), (3, "AL2")))
    stores.drop("names_20260309.csv", f"{NAMES_HEADER.strip()},form\n{rows}")
    assert stores.one().accepted_rows == 3
    ((known,), (unknown,), (same,)) = stores.lake_rows(delivered_rows.OPT_INS, "form_version")
    assert known == "AL1" and unknown == same and str(unknown).startswith("unknown:")
    one = stated[stated.index('  - form_version: "AL1"') : stated.index("notices:\n")]
    for learned, readings in (("AL3", []), ("AL2", [2])):
        write_dossier(stores.root / "partners", stated.replace(one, one + one.replace("AL1", learned)))
        assert [report.accepted_rows for report in stores.refresh()] == [3] * len(readings)
        assert [item.reading for item in accepted_deliveries(stores.stores.engine)] == (readings or [1])
    assert stores.lake_rows(delivered_rows.OPT_INS, "form_version") == [("AL1",), ("AL2",), ("AL2",)]
    assert stores.refresh() == []
