"""The nightly chain without Dagster, for tests that ask a published base: files in, open data, ties, dbt, published."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from consent.acts.form_stops import take_form_stops_snapshot
from consent.dossiers.controller import take_controller_snapshot
from consent.dossiers.dossier_snapshots import take_dossier_snapshot
from consent.dossiers.dossiers import read_dossiers
from consent.rules.registry import take_rules_snapshot
from open_data.load import refresh_open_data
from open_data.sources import read_sources
from partners_ingest.arrival.landing import scan_landing
from partners_ingest.intake.delivery_result import DeliveryReport
from partners_ingest.intake.take_in import take_in
from publishing.build import collect_inputs, publish, start_build
from sends.orders.segment_snapshots import take_segments_snapshot, take_sponsors_snapshot
from stores.all_stores import Stores, open_stores
from stores.home import init_home, writer_lock
from stores.migrations.migrate import migrate
from terms.settings import PROJECT_ROOT, Settings
from territories.overlaps import make_overlaps
from territories.tie import tie_addresses


@dataclass(frozen=True)
class Chain:
    """A home with a published base, and what became of each file on the way."""

    stores: Stores
    reports: tuple[DeliveryReport, ...]


def run_chain(settings: Settings, landing: Path, open_data: Path) -> Chain:
    """Make a home of these settings, take both folders in and publish a base (without dbt's tests)."""
    init_home(settings)
    stores = open_stores(settings)
    migrate(stores.engine)
    with writer_lock(stores.home):
        reports = _take_files_in(stores, landing)
        _take_open_data_in(stores, open_data)
        inputs = collect_inputs(stores)
        start_build(stores, inputs)
        _run_dbt(stores)
        publish(stores, inputs)
    return Chain(stores, reports)


def _take_files_in(opened: Stores, landing: Path) -> tuple[DeliveryReport, ...]:
    dossiers, config, now = read_dossiers(opened.settings.partners), opened.settings.config, opened.clock.now()
    take_dossier_snapshot(opened.snapshots, dossiers, now)
    take_form_stops_snapshot(opened)
    take_rules_snapshot(opened.snapshots, config / "rules", now)
    take_sponsors_snapshot(opened.snapshots, config / "sponsors", now)
    take_controller_snapshot(opened.snapshots, config, now)
    take_segments_snapshot(opened.snapshots, config / "segments", now)
    arrivals = scan_landing(landing)
    return take_in(opened, arrivals, dossiers, opened.clock, opened.settings.environment, _silent)


def _take_open_data_in(opened: Stores, folder: Path) -> None:
    sources = read_sources(PROJECT_ROOT / "config" / "open_data")
    refresh_open_data(opened, folder, sources, opened.clock, _silent)
    make_overlaps(opened, opened.clock, _silent)
    tie_addresses(opened, _silent)


def _run_dbt(stores: Stores) -> None:
    project = str(PROJECT_ROOT / "dbt_project")
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dbt"), "run", "--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(stores.home.dbt / "target"), "--log-path", str(stores.home.dbt / "logs")),
        ],
        env={
            **os.environ,
            "FILIATION_BUILD": str(stores.warehouse.build_path),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def _silent(_: str) -> None:
    """Progress is not looked at here."""
