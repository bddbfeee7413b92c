"""Snapshots of dossiers: since when and until when each fact was believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent.dossiers.dossier_snapshots import take_dossier_snapshot
from consent.dossiers.dossiers import read_dossiers
from stores.engine import connect
from stores.home import init_home
from stores.migrations.migrate import migrate
from stores.operations.database import open_operations
from stores.schemas import column_classes, dossier_tables
from stores.snapshots import Snapshot, SnapshotStore
from terms.settings import load_settings
from tests.scenes.door.dossier_samples import DOSSIER, NOTICE_ID, PARTNER, write_dossier

FIRST = datetime(2026, 6, 1, 8, tzinfo=UTC)
LATER = datetime(2026, 9, 1, 8, tzinfo=UTC)
Rows = list[tuple[object, ...]]


@dataclass
class Shelf:
    """A snapshot store and the folder of dossiers that it is taken from."""

    store: SnapshotStore
    partners: Path

    def take(self, at: datetime) -> Snapshot:
        return take_dossier_snapshot(self.store, read_dossiers(self.partners), at)

    def rows(self, table: column_classes.Table, columns: str) -> Rows:
        source = self.store.sql(self.store.current("dossiers"), table)
        with connect() as connection:
            return connection.execute(
                f"select {columns}, known_from, known_until from ({source}) order by all"
            ).fetchall()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    settings = load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(tmp_path / "home")})
    home, engine = init_home(settings), open_operations(settings.database_url)
    migrate(engine)
    write_dossier(tmp_path / "partners")
    yield Shelf(SnapshotStore(home, engine), tmp_path / "partners")
    engine.dispose()


def test_in_a_first_snapshot_a_fact_is_known_from_its_own_date(shelf: Shelf) -> None:
    shelf.take(FIRST)
    signed, audited, shown = datetime(2025, 1, 14, 23), datetime(2026, 2, 2, 23), datetime(2025, 12, 31, 23)
    assert shelf.rows(dossier_tables.DOSSIER_PARTNERS, "partner_id") == [(PARTNER, signed, None)]
    assert shelf.rows(dossier_tables.DOSSIER_CHAIN, "position") == [(1, signed, None), (2, signed, None)]
    assert shelf.rows(dossier_tables.DOSSIER_FEEDS, "feed_id")[0] == ("lys-left", signed, None)
    assert shelf.rows(dossier_tables.DOSSIER_AUDITS, "form_version") == [("AL1", audited, None)]
    assert shelf.rows(dossier_tables.DOSSIER_FORM_VERSIONS, "form_version") == [("AL1", shown, None)]
    assert shelf.rows(dossier_tables.DOSSIER_NOTICES, "notice_id") == [(NOTICE_ID, shown, None)]
    assert shelf.rows(dossier_tables.DOSSIER_NOTICE_RECIPIENTS, "name") == [("Contact Citoyen SAS", shown, None)]


def test_nothing_new_keeps_the_current_snapshot(shelf: Shelf) -> None:
    assert shelf.take(LATER) == shelf.take(FIRST)
    write_dossier(shelf.partners, DOSSIER + "# a remark changes no fact\n")
    assert shelf.take(LATER).number == 1


def test_a_changed_fact_closes_and_the_new_one_is_known_from_the_snapshot(shelf: Shelf) -> None:
    shelf.take(FIRST)
    write_dossier(shelf.partners, DOSSIER.replace('"finding": "compliant"', '"finding": "pre_ticked"'))
    assert shelf.take(LATER).number == 2
    later = LATER.replace(tzinfo=None)
    assert shelf.rows(dossier_tables.DOSSIER_AUDITS, "finding") == [
        ("compliant", datetime(2026, 2, 2, 23), later),
        ("pre_ticked", later, None),
    ]


def test_a_fact_that_comes_later_is_never_known_before_its_own_date(shelf: Shelf) -> None:
    shelf.take(FIRST)
    audit = (
        '  - {"on": "2026-12-01", "auditor": "Cabinet", "form_version": "*", "finding": "compliant"}\nform_versions:'
    )
    write_dossier(shelf.partners, DOSSIER.replace("form_versions:", audit, 1))
    shelf.take(LATER)
    assert ("*", datetime(2026, 11, 30, 23), None) in shelf.rows(dossier_tables.DOSSIER_AUDITS, "form_version")
    write_dossier(shelf.partners)
    shelf.take(LATER.replace(month=10))
    assert [row[0] for row in shelf.rows(dossier_tables.DOSSIER_AUDITS, "form_version")] == ["AL1"]


def test_a_fact_that_comes_back_is_a_new_span(shelf: Shelf) -> None:
    shelf.take(FIRST)
    write_dossier(shelf.partners, DOSSIER.replace("Atelier Lys SARL", "Lys SAS", 1))
    shelf.take(LATER)
    write_dossier(shelf.partners)
    again = LATER.replace(month=10)
    shelf.take(again)
    spans = [
        row[1:] for row in shelf.rows(dossier_tables.DOSSIER_PARTNERS, "legal_name") if row[0] == "Atelier Lys SARL"
    ]
    assert spans == [
        (datetime(2025, 1, 14, 23), LATER.replace(tzinfo=None)),
        (again.replace(tzinfo=None), None),
    ]


@pytest.mark.parametrize("text", [None, DOSSIER.replace("siren:", "sirene:")])
def test_a_partner_whose_dossier_is_gone_or_wrong_keeps_its_facts(shelf: Shelf, text: str | None) -> None:
    before = shelf.take(FIRST)
    if text is None:
        (shelf.partners / PARTNER).rename(shelf.partners.parent / "away")
    else:
        write_dossier(shelf.partners, text)
    assert shelf.take(LATER) == before
