"""What goes into a base: current readings, open-data vintages and snapshots, summed up in one hash.

They are attached to the build as views of the schema `lake`, which dbt reads. The models are in `dbt_project`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import duckdb
from sqlalchemy import Engine, select

from stores.lake import HELD_READING, Lake, reading_name, vintage_name
from stores.operations import base_tables, delivery_tables
from stores.schemas import column_classes, configuration_tables, delivered_rows, dossier_tables, territory_tables
from stores.snapshots import Snapshot, SnapshotStore
from terms.canonical_json import canonical_json

#: Which of these tables a load of a source filled is known by the files of its name (`vintage_name`).
_OPEN_DATA_TABLES = (
    territory_tables.BUREAUX,
    territory_tables.BUREAU_RESULTS,
    territory_tables.IRIS,
    territory_tables.IRIS_INCOME,
    territory_tables.COMMUNE_INCOME,
    territory_tables.COMMUNES,
    territory_tables.TERRITORY_OVERLAPS,
)

_SIGNALS = delivered_rows.WITHDRAWAL_SIGNALS

#: Snapshot that holds each of these tables.
SNAPSHOT_KIND: Mapping[column_classes.Table, str] = {
    dossier_tables.DOSSIER_PARTNERS: "dossiers",
    dossier_tables.DOSSIER_CHAIN: "dossiers",
    dossier_tables.DOSSIER_AUDITS: "dossiers",
    dossier_tables.DOSSIER_FORM_VERSIONS: "dossiers",
    dossier_tables.DOSSIER_NOTICES: "dossiers",
    dossier_tables.DOSSIER_NOTICE_RECIPIENTS: "dossiers",
    dossier_tables.DOSSIER_FEEDS: "dossiers",
    dossier_tables.DOSSIER_NOTICE_CONTRADICTIONS: "dossiers",
    dossier_tables.FORM_STOPS: "form_stops",
    configuration_tables.RULES: "rules",
    configuration_tables.SPONSORS: "sponsors",
    configuration_tables.CONTROLLER: "controller",
    configuration_tables.SEGMENTS: "segments",
    configuration_tables.SEGMENT_CRITERIA: "segments",
}


@dataclass(frozen=True)
class AcceptedDelivery:
    """A delivery whose rows count: its current reading and what the judgement needs to know of the file."""

    delivery_id: str
    partner_id: str
    feed_id: str
    kind: str
    mode: str
    file_name: str
    sha256: str
    reading: int
    exported_at: int
    arrived_at: int


@dataclass(frozen=True)
class BuildInputs:
    """Everything that a base is made of; equal `sha256` = the same base."""

    deliveries: tuple[AcceptedDelivery, ...]
    open_data: Mapping[str, str]
    ties_sha256: str
    snapshots: Mapping[str, Snapshot]
    code_version: str
    heard: tuple[str, ...] = ()  # held files of withdrawals: what they tell counts

    @property
    def sha256(self) -> str:
        """Return the hash that sums the inputs up."""
        parts = {
            "deliveries": {item.delivery_id: item.reading for item in self.deliveries},
            "open_data": dict(self.open_data),
            "ties": self.ties_sha256,
            "snapshots": {kind: snapshot.sha256 for kind, snapshot in self.snapshots.items()},
            "code": self.code_version,
            **({"heard": list(self.heard)} if self.heard else {}),
        }
        return sha256(canonical_json(parts).encode()).hexdigest()


def accepted_deliveries(engine: Engine) -> tuple[AcceptedDelivery, ...]:
    """Return the accepted deliveries in order of arrival."""
    table = delivery_tables.deliveries
    columns = [table.c[name] for name in AcceptedDelivery.__dataclass_fields__]
    query = select(*columns).where(table.c.outcome == "accepted").order_by(table.c.arrived_at, table.c.delivery_id)
    with engine.connect() as connection:
        return tuple(AcceptedDelivery(**row) for row in connection.execute(query).mappings())


def heard_deliveries(engine: Engine, lake: Lake) -> tuple[str, ...]:
    """Return the held deliveries of withdrawals of which the lake has whom they name, sorted."""
    table = delivery_tables.deliveries
    query = select(table.c.delivery_id).where(table.c.outcome == "held", table.c.kind == "withdrawals")
    with engine.connect() as connection:
        held: list[str] = list(connection.execute(query.order_by(table.c.delivery_id)).scalars())
    return tuple(one for one in held if lake.path(_SIGNALS, reading_name(one, HELD_READING)).exists())


def current_vintages(engine: Engine) -> dict[str, str]:
    """Return the sha256 of the newest load of each open-data source, by its name in the lake.

    One vintage of a source serves at a time; two that must serve together are two sources.
    """
    table = base_tables.open_data_vintages
    query = select(table.c.source_id, table.c.vintage, table.c.sha256).order_by(table.c.loaded_at)
    with engine.connect() as connection:
        newest = {row.source_id: row for row in connection.execute(query)}
    return {vintage_name(row.source_id, row.vintage, row.sha256): row.sha256 for row in newest.values()}


def attach_sources(build: duckdb.DuckDBPyConnection, inputs: BuildInputs, lake: Lake, snapshots: SnapshotStore) -> None:
    """Create the schema `lake` in the build: one view per table of lake and snapshots, and the table `lake.deliveries`.

    Args:
        build: connection to the new build.
        inputs: what the base is made of.
        lake: where the Parquet files are.
        snapshots: where the configuration is.
    """
    build.execute("create schema lake")
    queries = {
        **_reading_queries(inputs, lake),
        **_territory_queries(inputs, lake),
        **{table: snapshots.sql(inputs.snapshots.get(kind), table) for table, kind in SNAPSHOT_KIND.items()},
    }
    for table, query in queries.items():
        build.execute(f"create view lake.{table.name} as {query}")
    _create_deliveries(build, inputs)


def _reading_queries(inputs: BuildInputs, lake: Lake) -> dict[column_classes.Table, str]:
    """Return the SQL of each table that readings of deliveries fill."""
    readings = [(item.kind, reading_name(item.delivery_id, item.reading)) for item in inputs.deliveries]
    every = [name for _, name in readings]
    queries = {
        delivered_rows.OPT_INS: lake.sql(delivered_rows.OPT_INS, [name for kind, name in readings if kind == "optins"]),
        delivered_rows.WITHDRAWALS: lake.sql(
            delivered_rows.WITHDRAWALS, [name for kind, name in readings if kind == "withdrawals"]
        ),
        delivered_rows.QUARANTINE: lake.sql(delivered_rows.QUARANTINE, every),
    }
    heard = [reading_name(delivery_id, HELD_READING) for delivery_id in inputs.heard]
    for table in (delivered_rows.AGE_BRACKETS, _SIGNALS):  # not every reading has such a file
        names = [*every, *heard] if table is _SIGNALS else every
        queries[table] = lake.sql(table, [name for name in names if lake.path(table, name).exists()])
    return queries


def _territory_queries(inputs: BuildInputs, lake: Lake) -> dict[column_classes.Table, str]:
    """Return the SQL of each table that open data and address ties fill."""
    ties = [inputs.ties_sha256] if inputs.ties_sha256 else []
    queries = {territory_tables.ADDRESS_TIES: lake.sql(territory_tables.ADDRESS_TIES, ties)}
    for table in _OPEN_DATA_TABLES:
        queries[table] = lake.sql(table, [name for name in inputs.open_data if lake.path(table, name).exists()])
    return queries


def _create_deliveries(build: duckdb.DuckDBPyConnection, inputs: BuildInputs) -> None:
    table = delivered_rows.DELIVERIES
    build.execute(f"create table lake.{table.name} ({', '.join(f'{c.name} {c.type}' for c in table.columns)})")
    for item in inputs.deliveries:
        build.execute(
            "insert into lake.deliveries values (?, ?, ?, ?, ?, ?, ?, ?, make_timestamp(?::bigint), make_timestamp(?::bigint))",
            [
                item.delivery_id,
                item.partner_id,
                item.feed_id,
                item.kind,
                item.mode,
                item.file_name,
                item.sha256,
                item.reading,
                item.exported_at,
                item.arrived_at,
            ],
        )
