"""Snapshots of configuration: folders (dossiers, rules, sponsors, segments) as they were read, kept by hash.

A refresh takes them; every other command reads the current snapshot and never the folder. What a fact means, and from
when it was known, is decided by the room that takes the snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import duckdb
from sqlalchemy import Engine, func, select

from stores.engine import connect
from stores.files.parquet import read_sql, write_table
from stores.home import Home
from stores.operations import base_tables, database, journal
from stores.schemas.column_classes import Table
from terms.canonical_json import canonical_json
from terms.clock import from_micros, to_micros
from terms.errors import FiliationError

Row = tuple[object, ...]


@dataclass(frozen=True)
class Snapshot:
    """One snapshot: kind, hash of what was read, running number within the kind and instant."""

    kind: str
    sha256: str
    number: int
    taken_at: datetime


class SnapshotStore:
    """Files `snapshots/<kind>/<number>/<table>.parquet` and their rows in the operations database."""

    def __init__(self, home: Home, engine: Engine) -> None:
        self._root, self._engine = home.snapshots, engine

    def current(self, kind: str) -> Snapshot | None:
        """Return the newest snapshot of a kind, or None before the first."""
        table = base_tables.snapshots
        newest = select(table).where(table.c.kind == kind).order_by(table.c.number.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(newest).mappings().first()
        return Snapshot(kind, row["sha256"], row["number"], from_micros(row["taken_at"])) if row else None

    def by_hash(self, kind: str, sha256: str) -> Snapshot | None:
        """Return the newest snapshot of a kind with this hash, or None where there is none."""
        table = base_tables.snapshots
        found = select(table).where(table.c.kind == kind, table.c.sha256 == sha256).order_by(table.c.number.desc())
        with self._engine.connect() as connection:
            row = connection.execute(found.limit(1)).mappings().first()
        return Snapshot(kind, row["sha256"], row["number"], from_micros(row["taken_at"])) if row else None

    def take(
        self,
        connection: duckdb.DuckDBPyConnection,
        kind: str,
        sha256: str,
        at: datetime,
        tables: Mapping[Table, str],
    ) -> Snapshot:
        """Write tables as the next snapshot of a kind; its row in the operations database is the commit.

        Args:
            connection: where the relations of the queries are.
            kind: of the snapshot, such as `dossiers`.
            sha256: (hex) of what was read.
            at: when it was read.
            tables: schema -> SQL text that gives exactly its columns.
        """
        number = self._next_number(kind)
        for table, query in tables.items():
            write_table(connection, table, self._path(kind, number, table), query)
        row = {"kind": kind, "sha256": sha256, "taken_at": to_micros(at), "number": number}
        with database.transaction(self._engine) as work:
            work.execute(base_tables.snapshots.insert().values(**row))
            journal.append(work, at, journal.Entry.SNAPSHOT, f"{kind}/{number}", row)
        return Snapshot(kind, sha256, number, at)

    def take_rows(self, kind: str, at: datetime, tables: Mapping[Table, Sequence[Row]]) -> Snapshot:
        """Write small tables of rows as the next snapshot of `kind`; return the current one if nothing changed.

        Args:
            kind: of the snapshot; its hash is that of the rows.
            at: when they were read.
            tables: schema -> rows, cells in the order of its columns.
        """
        digest = sha256(canonical_json({table.name: rows for table, rows in tables.items()}).encode()).hexdigest()
        current = self.current(kind)
        if current is not None and current.sha256 == digest:
            return current
        with connect() as connection:
            for table, rows in tables.items():
                columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
                connection.execute(f"create temp table {table.name}_read ({columns})")
                if rows:
                    marks = ", ".join("?" for _ in table.columns)
                    connection.executemany(f"insert into {table.name}_read values ({marks})", rows)
            reads = {table: f"select * from {table.name}_read" for table in tables}
            return self.take(connection, kind, digest, at, reads)

    def sql(self, snapshot: Snapshot | None, table: Table) -> str:
        """Return SQL that reads one table of a snapshot.

        It gives no rows, with the table's types, if there is no snapshot or it was taken before the table existed.

        Raises:
            FiliationError: the snapshot's files are missing.
        """
        if snapshot is None:
            return read_sql(table, [])
        file = self._path(snapshot.kind, snapshot.number, table)
        if not file.parent.exists():
            raise FiliationError(
                f"The files of snapshot {snapshot.number} of {snapshot.kind} are gone.", "Restore the home."
            )
        return read_sql(table, [file] if file.exists() else [])

    def _path(self, kind: str, number: int, table: Table) -> Path:
        return self._root / kind / f"{number:06d}" / f"{table.name}.parquet"

    def _next_number(self, kind: str) -> int:
        table = base_tables.snapshots
        newest = select(func.coalesce(func.max(table.c.number), 0)).where(table.c.kind == kind)
        with self._engine.connect() as connection:
            return int(connection.execute(newest).scalar_one()) + 1
