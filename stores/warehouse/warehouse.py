"""The warehouse: a base is built in a file of its own, published by one rename, and read whole by everyone.

`build.duckdb` belongs to the one writer (`stores.home.writer_lock`); `base.duckdb` is only ever opened read-only. dbt
keeps its intermediate tables in a file beside the build, because a file does not shrink when tables in it are dropped.
The tables of a base are dbt's; whether it may be published is decided in `publishing.checks`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from stores.engine import another, connect_for_few, connect_in_groups, connect_read_only, quoted
from stores.home import Home
from stores.warehouse.excerpt import open_excerpt
from stores.warehouse.questions import KeptQuestions, Questions
from terms.errors import Refused

#: Rows of a row group in a build, which dbt opens with the same size (dbt_project/profiles.yml says why).
ROWS_PER_GROUP = 14_336

#: The catalog's name under which a build is open, dbt's too.
_BUILD = "build"


@dataclass(frozen=True)
class BaseManifest:
    """What a base was made of and what it holds.

    `inputs_sha256` sums up everything that went in: with the same inputs nothing is published.
    """

    version: str
    published_at: str
    inputs_sha256: str
    code_version: str
    rule_set_sha256: str
    deliveries: Mapping[str, int]  # delivery_id -> reading
    open_data: Mapping[str, str]  # source_id@vintage -> sha256
    snapshots: Mapping[str, str]  # kind -> sha256
    row_counts: Mapping[str, int]
    control_totals: Mapping[str, int]
    touched_since_whole: int = 0  # affected contacts of all bases since the last whole build; stored under this name
    heard: Sequence[str] = ()  # held files of withdrawals whose persons count


class Warehouse:
    """The files under `warehouse/`: the base that is served and, during a refresh, the build and its intermediate tables."""

    def __init__(self, home: Home) -> None:
        self.build_path = home.warehouse / "build.duckdb"
        self.steps_path = home.warehouse / "build.duckdb.steps"
        self.base_path = home.warehouse / "base.duckdb"

    def start_build(self, spill_to: Path) -> duckdb.DuckDBPyConnection:
        """Return a connection to a new empty build; what an earlier run left is removed."""
        self.discard_build()
        return self._connect_build(spill_to)

    def discard_build(self) -> None:
        """Remove what a run left that failed before it published."""
        for file in (self.build_path, self.steps_path):
            for stale in (file, file.with_name(f"{file.name}.wal")):
                stale.unlink(missing_ok=True)

    def grow_build(self, spill_to: Path) -> duckdb.DuckDBPyConnection:
        """Return a connection to a new build that is a copy of the published base; what an earlier run left is removed."""
        self.start_build(spill_to).close()
        shutil.copyfile(self._published(), self.build_path)
        return self._connect_build(spill_to)

    def open_build(self) -> duckdb.DuckDBPyConnection:
        """Return a read-only connection to the build, for checks."""
        return connect_read_only(self.build_path)

    def edit_build(self) -> duckdb.DuckDBPyConnection:
        """Return a writing connection to the build, for the one writer."""
        return self._connect_build(self.build_path.with_name("build.duckdb.tmp"))

    def _connect_build(self, spill_to: Path) -> duckdb.DuckDBPyConnection:
        return connect_in_groups(self.build_path, _BUILD, ROWS_PER_GROUP, spill_to=spill_to)

    def publish(self, manifest: BaseManifest) -> None:
        """Write the manifest into the build and make it the base; open readers keep the base that they hold."""
        with self.edit_build() as build:
            build.execute(
                "create or replace table base_manifest as select $text as manifest_json",
                {"text": json.dumps(asdict(manifest), sort_keys=True)},
            )
            build.execute("checkpoint")
        os.replace(self.build_path, self.base_path)
        self.steps_path.unlink(missing_ok=True)

    def copy_base(self, spill_to: Path) -> duckdb.DuckDBPyConnection:
        """Return a writing connection to a new build with the empty tables and the macros of the base, attached as `served`.

        The caller copies the rows that are to stay: a row copied and deleted would leave its bytes in the file.
        """
        build = self.start_build(spill_to)
        build.execute(f"attach '{quoted(self.base_path)}' as served (read_only)")
        build.execute(f"copy from database served to {_BUILD} (schema)")
        return build

    def open_base(self) -> duckdb.DuckDBPyConnection:
        """Return a read-only connection to the published base.

        Raises:
            Refused: nothing was published yet.
        """
        return connect_read_only(self._published())

    def open_base_for_few(self) -> duckdb.DuckDBPyConnection:
        """Return a read-only connection to the published base for a look-up of few contacts: it starts faster.

        Raises:
            Refused: nothing was published yet.
        """
        return connect_for_few(self._published())

    def open_excerpt(self, own_tables: Collection[str]) -> duckdb.DuckDBPyConnection:
        """Return a connection to a new excerpt of the published base, with some empty tables of its own.

        Raises:
            Refused: nothing was published yet.
        """
        return open_excerpt(self._published(), own_tables)

    def _published(self) -> Path:
        if not self.base_path.exists():
            raise Refused("No base has been published in this home.", "Run `filiation refresh` first.")
        return self.base_path

    def manifest(self) -> BaseManifest | None:
        """Return the manifest of the published base, or None."""
        if not self.base_path.exists():
            return None
        with self.open_base_for_few() as base:
            return read_manifest(base)


@dataclass(frozen=True)
class ServedBase:
    """The published base, open: questions to it, and what it was made of."""

    questions: Questions
    manifest: BaseManifest

    @classmethod
    def of(cls, base: duckdb.DuckDBPyConnection) -> ServedBase:
        """Return the base of an open connection, for one asking."""
        return cls(Questions(base), read_manifest(base))


class KeptBase:
    """The published base, kept open over many look-ups of one process, because opening costs more than a look-up.

    For a process that publishes no base itself: DuckDB gives an open file to whoever opens the same path.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._kept: duckdb.DuckDBPyConnection | None = None
        self._seen: tuple[int, int] | None = None
        self._idle: list[ServedBase] = []

    @contextmanager
    def open(self) -> Iterator[ServedBase]:
        """Give the base that is published now, for questions about few contacts; it is not given to anybody else meanwhile.

        Raises:
            Refused: nothing was published yet.
        """
        current = self._current()
        served = self._idle.pop() if self._idle else _kept_by(current)
        try:
            yield served
        except BaseException:
            served.questions.connection.close()  # who knows what an error left in it
            raise
        if current is self._kept:
            self._idle.append(served)

    def close(self) -> None:
        """Close the base and every connection to it."""
        for served in self._idle:
            served.questions.connection.close()
        if self._kept is not None:
            self._kept.close()
        self._kept, self._seen, self._idle = None, None, []

    def _current(self) -> duckdb.DuckDBPyConnection:
        path = self._warehouse.base_path
        now = (path.stat().st_ino, path.stat().st_mtime_ns) if path.exists() else None
        if self._kept is None or now != self._seen:
            self.close()
            self._kept, self._seen = self._warehouse.open_base_for_few(), now
        return self._kept


def _kept_by(connection: duckdb.DuckDBPyConnection) -> ServedBase:
    return ServedBase(KeptQuestions(another(connection)), read_manifest(connection))


def read_manifest(base: duckdb.DuckDBPyConnection) -> BaseManifest:
    """Return the manifest that an open base holds.

    Raises:
        Refused: it holds none.
    """
    row = base.execute("select manifest_json from base_manifest").fetchone()
    if row is None:
        raise Refused("The base has no manifest.", "Run `filiation refresh` to publish a whole one.")
    return BaseManifest(**json.loads(row[0]))
