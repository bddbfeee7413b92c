"""A home with one partner and its landing folder, in which small files are taken in as the refresh does.

The dossier and its rows are those of `dossier_samples`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent.dossiers.dossiers import read_dossiers
from partners_ingest.arrival.landing import Arrival, scan_landing
from partners_ingest.intake import decisions
from partners_ingest.intake.decisions import Decision
from partners_ingest.intake.delivery_result import DeliveryReport
from partners_ingest.intake.take_in import MakeReading, Progress, take_in
from partners_ingest.readers import delivered_lines
from partners_ingest.rows import record_batches
from stores import all_stores
from stores.engine import connect
from stores.home import init_home
from stores.lake import reading_name
from stores.migrations.migrate import migrate
from stores.operations import delivery_tables
from stores.schemas import column_classes, delivered_rows
from stores.warehouse.inputs import accepted_deliveries
from terms.limits import USUAL_LIMITS, ReadingLimits
from terms.settings import load_settings
from tests.scenes.door.dossier_samples import (
    NAMES_HEADER,
    PARTNER,
    names_row,
)
from tests.scenes.door.reading_here import ReadingHere

FEW_BYTES = 120  # of a batch of lines: two of `ROWS`
FEW_RECORDS = 3  # of a batch of records: two batches of lines
ARRIVED = datetime(2026, 3, 10, 6, tzinfo=UTC)
ROWS = NAMES_HEADER + names_row(1) + names_row(2) + names_row(3)


@dataclass
class Door:
    """A home with one partner, its landing folder, and a way to run ingest."""

    root: Path
    stores: all_stores.Stores
    make_reading: MakeReading = ReadingHere
    limits: ReadingLimits = USUAL_LIMITS
    partner: str = PARTNER
    told: Progress = str

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    def drop(self, name: str, data: bytes | str) -> None:
        path = self.landing / PARTNER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        at = ARRIVED.timestamp() + len(list(path.parent.iterdir()))
        os.utime(path, (at, at))

    def refresh(self) -> list[DeliveryReport]:
        settings = load_settings(environ_of(self.root))
        dossiers = read_dossiers(self.root / "partners")
        arrivals: list[Arrival] = scan_landing(self.landing)
        reports = take_in(
            *(self.stores, arrivals, dossiers, settings.clock(), settings.environment, self.told),
            self.limits,
            self.make_reading,
        )
        return list(reports)

    def one(self) -> DeliveryReport:
        (report,) = self.refresh()
        return report

    def lake_rows(self, table: column_classes.Table, columns: str) -> list[tuple[object, ...]]:
        kinds = {delivered_rows.OPT_INS: "optins", delivered_rows.WITHDRAWALS: "withdrawals"}
        kind = kinds.get(table)
        names = [
            reading_name(item.delivery_id, item.reading)
            for item in accepted_deliveries(self.stores.engine)
            if kind in (None, item.kind)
        ]
        with connect() as connection:
            return connection.execute(
                f"select {columns} from ({self.stores.lake.sql(table, names)}) order by all"
            ).fetchall()

    def count(self, table: str) -> int:
        with self.stores.engine.connect() as connection:
            return connection.exec_driver_sql(f"select count(*) from {table}").scalar_one()


def environ_of(root: Path) -> dict[str, str]:
    return {
        "FILIATION_ENV": "test",
        "FILIATION_HOME": str(root / "home"),
        "FILIATION_NOW": "2026-11-24T09:00:00+01:00",
    }


def open_stores(root: Path) -> Door:
    settings = load_settings(environ_of(root))
    init_home(settings)
    stores = all_stores.open_stores(settings)
    migrate(stores.engine)
    return Door(root, stores)


def root_of(stores: Door, delivery_id: str) -> str:
    with stores.stores.engine.connect() as connection:
        query = delivery_tables.deliveries.select().where(delivery_tables.deliveries.c.delivery_id == delivery_id)
        return str(connection.execute(query).mappings().one()["evidence_root"])


def release_delivery(stores: Door, delivery_id: str) -> None:
    decisions.release(stores.stores.engine, decision_of(delivery_id, "a purge was announced"))


def decision_of(delivery_id: str, why: str) -> Decision:
    """Return a decision at an instant before the run that held the file: clocks that start anew are no order."""
    return Decision(delivery_id, "a person", why, datetime(2026, 11, 1, tzinfo=UTC))


def read_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivered_lines, "BATCH_BYTES", FEW_BYTES)
    monkeypatch.setattr(record_batches, "FEWEST_RECORDS", FEW_RECORDS)
