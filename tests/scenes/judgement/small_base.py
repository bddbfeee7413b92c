"""A small base made by hand: typed rows into a lake, facts into snapshots, then the real dbt project over them.

What the rows mean is up to each test; reading partner files does not belong here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import duckdb

from consent.rules.registry import take_rules_snapshot
from stores.all_stores import Stores
from stores.engine import connect, connect_read_only
from stores.home import Home, init_home
from stores.lake import Lake, reading_name
from stores.migrations.migrate import migrate
from stores.operations import database, delivery_tables
from stores.operations.database import open_operations
from stores.schemas import all_tables, configuration_tables, delivered_rows, dossier_tables, territory_tables
from stores.schemas.column_classes import Table
from stores.snapshots import SnapshotStore
from stores.warehouse.inputs import AcceptedDelivery, BuildInputs, attach_sources
from stores.warehouse.warehouse import BaseManifest, Warehouse
from terms.clock import to_micros
from terms.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[3]
DBT_PROJECT = ROOT / "dbt_project"
Row = Mapping[str, object]

_SNAPSHOT_KINDS = {
    "dossiers": all_tables.SNAPSHOT_TABLES[:8],
    "form_stops": (dossier_tables.FORM_STOPS,),
    "sponsors": (configuration_tables.SPONSORS,),
    "controller": (configuration_tables.CONTROLLER,),
    "segments": (configuration_tables.SEGMENTS, configuration_tables.SEGMENT_CRITERIA),
}


@dataclass(frozen=True)
class Delivered:
    """One accepted file: instants are naive UTC, `rows` by table (opt_ins, withdrawals, quarantine)."""

    delivery_id: str
    partner_id: str
    feed_id: str
    exported_at: datetime
    received_at: datetime
    rows: Mapping[Table, Sequence[Row]]
    kind: str = "optins"
    mode: str = "delta"


@dataclass(frozen=True)
class World:
    """All that a base is made of; `facts` are snapshot tables, `open_data` lake tables without a delivery."""

    deliveries: Sequence[Delivered]
    facts: Mapping[Table, Sequence[Row]]
    open_data: Mapping[Table, Sequence[Row]] = field(default_factory=dict)


def build_base(folder: Path, world: World, *dbt_arguments: str) -> Path:
    """Build the world with `dbt build …` and return the path of the build.

    Raises:
        AssertionError: dbt failed; its output is the message.
    """
    inputs = lay_world(folder, world)
    settings = _settings(folder)
    home = init_home(settings)
    snapshots = SnapshotStore(home, open_operations(settings.database_url))
    warehouse = Warehouse(home)
    with warehouse.start_build(home.dbt) as build:
        attach_sources(build, inputs, Lake(home), snapshots)
    run_dbt(home, warehouse.build_path, "build", *dbt_arguments)
    return warehouse.build_path


def lay_world(folder: Path, world: World) -> BuildInputs:
    """Write the world into the stores of a home, made where there is none, and return what a build is made of."""
    settings = _settings(folder)
    home = init_home(settings)
    engine = open_operations(settings.database_url)
    migrate(engine)
    snapshots = SnapshotStore(home, engine)
    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    taken = {"rules": take_rules_snapshot(snapshots, ROOT / "config" / "rules", now)}
    with connect() as connection:
        for kind, tables in _SNAPSHOT_KINDS.items():
            queries = {table: _laid(connection, table, world.facts.get(table, ())) for table in tables}
            said = sha256(repr([world.facts.get(table) for table in tables]).encode()).hexdigest()
            taken[kind] = snapshots.take(connection, kind, said, now, queries)
        _write_lake(connection, Lake(home), world)
    return BuildInputs(tuple(map(_accepted, world.deliveries)), {"hand@1": ""}, "ties", taken, "test")


def lay_rules(folder: Path, rules: Path, at: datetime) -> None:
    """Take a folder of rules as the next snapshot of a home, made where there is none."""
    settings = _settings(folder)
    home, engine = init_home(settings), open_operations(settings.database_url)
    migrate(engine)
    take_rules_snapshot(SnapshotStore(home, engine), rules, at)


def _settings(folder: Path) -> Settings:
    return load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(folder), "FILIATION_ACTOR": "test"})


def run_dbt(home: Home, build: Path, *arguments: str) -> None:
    """Run one dbt command on a build, as the nightly job does."""
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"),
            *arguments,
            *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
            *("--target-path", str(home.dbt / "target"), "--log-path", str(home.dbt / "logs")),
        ],
        env={**os.environ, "FILIATION_BUILD": str(build), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def open_base(path: Path, asked: Sequence[str] | None = None) -> duckdb.DuckDBPyConnection:
    """Open a base read-only with temporary tables `asked` (None = every contact) and an empty `live_facts`."""
    base = connect_read_only(path)
    base.execute("create temp table asked (contact_id uuid)")
    if asked is None:
        base.execute("insert into asked select contact_id from contacts")
    else:
        base.execute("insert into asked select unnest($ids::uuid[])", {"ids": list(asked)})
    lay_no_facts(base)
    return base


def lay_no_facts(base: duckdb.DuckDBPyConnection) -> None:
    """Create an empty temporary table `live_facts`."""
    base.execute(
        "create temp table live_facts (contact_id uuid, kind varchar, channel varchar, sponsor_id varchar,"
        " occurred_at timestamp, known_at timestamp, delivery_id varchar, line_number bigint)"
    )


def _write_lake(connection: duckdb.DuckDBPyConnection, lake: Lake, world: World) -> None:
    for item in world.deliveries:
        name = reading_name(item.delivery_id, 1)
        placed = {
            "delivery_id": item.delivery_id,
            "partner_id": item.partner_id,
            "feed_id": item.feed_id,
            "exported_at": item.exported_at,
            "received_at": item.received_at,
        }
        own = delivered_rows.OPT_INS if item.kind == "optins" else delivered_rows.WITHDRAWALS
        for table in (own, delivered_rows.QUARANTINE):
            rows = [{**placed, **row} for row in item.rows.get(table, ())]
            lake.write(connection, table, name, _laid(connection, table, rows))
    for table in (
        territory_tables.ADDRESS_TIES,
        territory_tables.BUREAUX,
        territory_tables.BUREAU_RESULTS,
        territory_tables.IRIS,
        territory_tables.IRIS_INCOME,
    ):
        name = "ties" if table is territory_tables.ADDRESS_TIES else "hand@1"
        lake.write(connection, table, name, _laid(connection, table, world.open_data.get(table, ())))
    lake.write(connection, territory_tables.COMMUNES, "hand@1", _laid(connection, territory_tables.COMMUNES, ()))


def _laid(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> str:
    """Lay rows into a temporary table of the schema's types (absent columns are null) and return SQL for it."""
    unknown = {name for row in rows for name in row} - set(table.names())
    assert not unknown, f"{table.name} has no columns {unknown}"
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    connection.execute(f"create or replace temp table laid_{table.name} ({columns})")
    if rows:
        values = {column.name: [row.get(column.name) for row in rows] for column in table.columns}
        cells = ", ".join(f"unnest(${column.name}::{column.type}[])" for column in table.columns)
        connection.execute(f"insert into laid_{table.name} select {cells}", values)
    return f"select * from laid_{table.name}"


def _accepted(item: Delivered) -> AcceptedDelivery:
    exported, received = (to_micros(at.replace(tzinfo=UTC)) for at in (item.exported_at, item.received_at))
    return AcceptedDelivery(
        item.delivery_id,
        item.partner_id,
        item.feed_id,
        item.kind,
        item.mode,
        f"{item.delivery_id}.csv",
        "0" * 64,
        1,
        exported,
        received,
    )


def published(stores: Stores) -> None:
    """Make the build of a hand-made world the base that its home serves."""
    stores.warehouse.publish(
        BaseManifest(
            version="hand",
            published_at="2026-11-24T04:00:00Z",
            inputs_sha256="",
            code_version="",
            rule_set_sha256="",
            deliveries={},
            open_data={},
            snapshots={},
            row_counts={},
            control_totals={},
        )
    )


def took_in(stores: Stores, world: World) -> None:
    """Write the world's files into the ledger of its home, as their intake would have."""
    rows = [
        {
            "delivery_id": item.delivery_id,
            "partner_id": item.partner_id,
            "feed_id": item.feed_id,
            "file_name": f"{item.delivery_id}.csv",
            "sha256": "0" * 64,
            "bytes": 1,
            "warnings_json": "[]",
            "outcome": "accepted",
            "reading": 1,
            "arrived_at": to_micros(item.received_at.replace(tzinfo=UTC)),
            "taken_in_at": to_micros(item.received_at.replace(tzinfo=UTC)),
        }
        for item in world.deliveries
    ]
    with database.transaction(stores.engine) as work:
        database.insert_once(work, delivery_tables.deliveries, rows)
