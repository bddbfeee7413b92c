"""An invented base of any size: consents of partners with dossiers, written by SQL as lake and snapshots hold them.

Eleven partners of every kind, forms that follow each other, audits, refusals, withdrawals, records that full exports
lose, addresses that many share. Nothing is measured or judged here; no file of a partner is read. What the partners'
dossiers say is in `bench.judgement.invented_dossiers`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb

from bench.judgement.invented_dossiers import FULL_EXPORTERS, KNOWN_FROM, PARTNERS, Row, dossiers_of_partners
from consent.rules.registry import take_rules_snapshot
from publishing.build import code_version
from stores.engine import connect
from stores.home import init_home, open_home
from stores.lake import Lake, reading_name
from stores.migrations.migrate import migrate
from stores.operations.database import open_operations
from stores.schemas import configuration_tables, delivered_rows, dossier_tables, territory_tables
from stores.schemas.column_classes import Table
from stores.snapshots import Snapshot, SnapshotStore
from stores.sql_files import sql_of
from stores.warehouse.inputs import AcceptedDelivery, BuildInputs
from terms.clock import aware_utc, from_micros, naive_utc, to_micros
from terms.settings import PROJECT_ROOT, Settings, load_settings

#: When the world is looked at; twelve quarters of consents lie before it.
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
_QUARTERS = 12
_FIRST = datetime(2023, 11, 1)
_QUARTER = timedelta(days=90)

#: Percent of the consents by partner.
_SHARES = (30, 20, 15, 10, 8, 6, 4, 3, 2, 1, 1)


@dataclass(frozen=True)
class BenchWorld:
    """The stores of an invented base, what a build is made of, and how many consents it holds."""

    settings: Settings
    lake: Lake
    snapshots: SnapshotStore
    inputs: BuildInputs

    @property
    def consents(self) -> int:
        """Return how many consents the lake holds."""
        names = [reading_name(item.delivery_id, 1) for item in self.inputs.deliveries]
        with connect() as connection:
            row = connection.execute(
                f"select count(*) from ({self.lake.sql(delivered_rows.OPT_INS, names)})"
            ).fetchone()
        return row[0] if row else 0

    def with_dossiers(self, dossiers: Snapshot) -> BenchWorld:
        """Return the same world with another snapshot of its dossiers."""
        return replace(self, inputs=replace(self.inputs, snapshots={**self.inputs.snapshots, "dossiers": dossiers}))


def write_world(folder: Path, consents: int) -> BenchWorld:
    """Write a world of `consents` rows of half as many contacts, where none is written yet, and open it."""
    settings = _settings(folder)
    home, engine = init_home(settings), open_operations(settings.database_url)
    migrate(engine)
    snapshots = SnapshotStore(home, engine)
    if snapshots.current("segments") is None:  # the last that is taken
        _write_lake(Lake(home), list(_deliveries()), max(1, consents // (100 * _QUARTERS)))
        _take_snapshots(snapshots)
    return open_world(folder)


def open_world(folder: Path) -> BenchWorld:
    """Open the world that is written in a folder, as it was written first."""
    settings = _settings(folder)
    home, engine = open_home(settings), open_operations(settings.database_url)
    snapshots = SnapshotStore(home, engine)
    kinds = ("form_stops", "rules", "sponsors", "controller", "segments")
    taken = {kind: found for kind in kinds if (found := snapshots.current(kind)) is not None}
    dossiers = snapshots.by_hash("dossiers", _hash_of(dossiers_of_partners(())))
    if dossiers is not None:
        taken["dossiers"] = dossiers
    inputs = BuildInputs(tuple(_deliveries()), {"hand@1": ""}, "ties", taken, code_version())
    return BenchWorld(settings, Lake(home), snapshots, inputs)


def create_no_live_facts(base: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary table `live_facts` without a row: nothing came in since the base was published."""
    base.execute(
        "create temp table live_facts (contact_id uuid, kind varchar, channel varchar, sponsor_id varchar,"
        " occurred_at timestamp, known_at timestamp, delivery_id varchar, line_number bigint)"
    )


def _settings(folder: Path) -> Settings:
    return load_settings({**os.environ, "FILIATION_HOME": str(folder / "home"), "FILIATION_NOW": NOW.isoformat()})


def _deliveries() -> Iterator[AcceptedDelivery]:
    """Yield a file per partner and quarter."""
    for partner in PARTNERS:
        for quarter in range(_QUARTERS):
            exported = _FIRST + (quarter + 1) * _QUARTER
            at = to_micros(aware_utc(exported))
            mode = "full" if partner in FULL_EXPORTERS else "delta"
            name = f"{partner}-{quarter:02d}"
            yield AcceptedDelivery(
                name, partner, "web", "optins", mode, f"{name}.csv", "0" * 64, 1, at, at + 600_000_000
            )


def _write_lake(lake: Lake, deliveries: Sequence[AcceptedDelivery], rows_each: int) -> None:
    consents = rows_each * 100 * _QUARTERS
    with connect() as connection:
        for item in deliveries:
            name = reading_name(item.delivery_id, 1)
            place = PARTNERS.index(item.partner_id)
            bound = {
                "delivery_id": item.delivery_id,
                "partner_id": item.partner_id,
                "exported_at": naive_utc(from_micros(item.exported_at)),
                "quarter": int(item.delivery_id[-2:]),
                "first_slot": sum(_SHARES[:place]),
                "slots": _SHARES[place],
                "rows_each": rows_each,
                "contacts": consents // 2,
            }
            columns = ", ".join(delivered_rows.OPT_INS.names())
            lake.write(
                connection,
                delivered_rows.OPT_INS,
                name,
                f"select {columns} from ({sql_of(__file__, 'opt_ins')})",
                bound,
            )
            lake.write(connection, delivered_rows.WITHDRAWAL_SIGNALS, name, _signals(lake, name))
            lake.write(connection, delivered_rows.QUARANTINE, name, _empty(delivered_rows.QUARANTINE))
        lake.write(connection, territory_tables.ADDRESS_TIES, "ties", _ties(lake, deliveries))
        for table in (
            territory_tables.BUREAUX,
            territory_tables.BUREAU_RESULTS,
            territory_tables.IRIS,
            territory_tables.IRIS_INCOME,
            territory_tables.COMMUNES,
        ):
            lake.write(connection, table, "hand@1", _empty(table))


def _signals(lake: Lake, name: str) -> str:
    """Return SQL of the end dates that one opt-in row of a hundred states."""
    columns = {
        "signal": "'end_date'",
        "withdrawn_at": "exported_at - interval 20 days",
        "withdrawn_at_quality": "'exact_utc'",
    }
    listed = ", ".join(
        f"{columns[column]} as {column}" if column in columns else column
        for column in delivered_rows.WITHDRAWAL_SIGNALS.names()
    )
    return f"select {listed} from ({lake.sql(delivered_rows.OPT_INS, [name])}) where hash(line_number) % 100 = 0"


def _ties(lake: Lake, deliveries: Sequence[AcceptedDelivery]) -> str:
    """Return SQL that ties every address to one of 68,000 bureaux."""
    rows = lake.sql(delivered_rows.OPT_INS, [reading_name(item.delivery_id, 1) for item in deliveries])
    bureau = (
        "lpad((hash(address_key) % 680)::varchar, 5, '0') || '_' || lpad((hash(address_key) % 100)::varchar, 4, '0')"
    )
    columns = {
        "address_key": "address_key",
        "map": "'2026'",
        "bureau_code": bureau,
        "commune_code": "lpad((hash(address_key) % 680)::varchar, 5, '0')",
        "match_kind": "'exact'",
        "match_confidence": "0.9",
    }
    listed = ", ".join(
        f"{columns.get(column.name, 'null')}::{column.type} as {column.name}"
        for column in territory_tables.ADDRESS_TIES.columns
    )
    return f"select {listed} from (select distinct address_key from ({rows}))"


def _empty(table: Table) -> str:
    return f"select {', '.join(f'null::{column.type} as {column.name}' for column in table.columns)} where false"


def _take_snapshots(snapshots: SnapshotStore) -> None:
    take_rules_snapshot(snapshots, PROJECT_ROOT / "config" / "rules", aware_utc(KNOWN_FROM))
    take_dossiers(snapshots, ())
    with connect() as connection:
        for kind, tables in (
            ("form_stops", {dossier_tables.FORM_STOPS: ()}),
            ("sponsors", {configuration_tables.SPONSORS: _SPONSORS}),
            ("controller", {configuration_tables.CONTROLLER: [{"legal_name": "Contact Citoyen SAS"}]}),
            ("segments", {configuration_tables.SEGMENTS: (), configuration_tables.SEGMENT_CRITERIA: ()}),
        ):
            _take(snapshots, connection, kind, tables)


def take_dossiers(snapshots: SnapshotStore, further_audits: Sequence[Row]) -> Snapshot:
    """Take the snapshot of the dossiers, with further audits."""
    with connect() as connection:
        return _take(snapshots, connection, "dossiers", dossiers_of_partners(further_audits))


def _take(
    snapshots: SnapshotStore, connection: duckdb.DuckDBPyConnection, kind: str, tables: Mapping[Table, Sequence[Row]]
) -> Snapshot:
    queries = {table: _laid(connection, table, rows) for table, rows in tables.items()}
    return snapshots.take(connection, kind, _hash_of(tables), NOW, queries)


def _hash_of(tables: Mapping[Table, Sequence[Row]]) -> str:
    return sha256(repr([(table.name, list(rows)) for table, rows in tables.items()]).encode()).hexdigest()


def _laid(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> str:
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    connection.execute(f"create or replace temp table laid_{table.name} ({columns})")
    if rows:
        marks = ", ".join("?" for _ in table.columns)
        values = [[row.get(column.name) for column in table.columns] for row in rows]
        connection.executemany(f"insert into laid_{table.name} values ({marks})", values)
    return f"select * from laid_{table.name}"


_SPONSORS = [
    {"sponsor_id": "horizon", "legal_name": "Parti de l'Horizon", "candidate": None},
    {"sponsor_id": "union", "legal_name": "Union des Territoires", "candidate": None},
]
