"""The nightly chain without Dagster, for tests that ask a published base: files in, open data, ties, dbt, published."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from consent.acts.form_stops import take_form_stops_snapshot
from consent.controller import take_controller_snapshot
from consent.dossiers.dossier_snapshots import take_dossier_snapshot
from consent.dossiers.dossiers import read_dossiers
from consent.rules.registry import take_rules_snapshot
from open_data.load import OpenDataStores, refresh_open_data
from open_data.sources import read_sources
from partners_ingest.arrival.landing import scan_landing
from partners_ingest.intake.take_in import DeliveryReport, IntakeStores, take_in
from publishing.build import collect_inputs, publish, start_build
from sends.orders.segment_snapshots import take_segments_snapshot, take_sponsors_snapshot
from stores.all_stores import House, open_house
from stores.home import init_home, writer_lock
from stores.migrate import migrate
from terms.settings import PROJECT_ROOT, Settings
from territories.overlaps import OverlapStores, make_overlaps
from territories.tie import TieStores, tie_addresses


@dataclass(frozen=True)
class Chain:
    """A home with a published base, and what became of each file on the way."""

    house: House
    reports: tuple[DeliveryReport, ...]


def run_chain(settings: Settings, landing: Path, open_data: Path) -> Chain:
    """Make a home of these settings, take both folders in and publish a base (without dbt's tests)."""
    init_home(settings)
    house = open_house(settings)
    migrate(house.engine)
    with writer_lock(house.home):
        reports = _take_files_in(house, landing)
        _take_open_data_in(house, open_data)
        inputs = collect_inputs(house)
        start_build(house, inputs)
        _run_dbt(house)
        publish(house, inputs)
    return Chain(house, reports)


def _take_files_in(house: House, landing: Path) -> tuple[DeliveryReport, ...]:
    dossiers, config, now = read_dossiers(house.settings.partners), house.settings.config, house.clock.now()
    take_dossier_snapshot(house.snapshots, dossiers, now)
    take_form_stops_snapshot(house)
    take_rules_snapshot(house.snapshots, config / "rules", now)
    take_sponsors_snapshot(house.snapshots, config / "sponsors", now)
    take_controller_snapshot(house.snapshots, config, now)
    take_segments_snapshot(house.snapshots, config / "segments", now)
    stores = IntakeStores(house.home, house.keys, house.engine, house.evidence, house.vault, house.lake)
    arrivals = scan_landing(landing)
    return take_in(stores, arrivals, dossiers, house.clock, house.settings.environment, _silent)


def _take_open_data_in(house: House, folder: Path) -> None:
    sources = read_sources(PROJECT_ROOT / "config" / "open_data")
    stores = OpenDataStores(house.home, house.engine, house.lake)
    refresh_open_data(stores, folder, sources, house.clock, _silent)
    make_overlaps(OverlapStores(house.lake, house.engine), house.clock, _silent)
    tie_addresses(TieStores(house.vault, house.lake, house.engine), _silent)


def _run_dbt(house: House) -> None:
    project = str(PROJECT_ROOT / "dbt_project")
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dbt"), "run", "--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(house.home.dbt / "target"), "--log-path", str(house.home.dbt / "logs")),
        ],
        env={
            **os.environ,
            "FILIATION_BUILD": str(house.warehouse.build_path),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def _silent(_: str) -> None:
    """Progress is not looked at here."""
