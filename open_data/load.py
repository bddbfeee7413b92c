"""Loading: each source's files are found, hashed, read, checked, written to the lake and committed.

A source that fails does not stop the others. Nothing is written before all checks have passed. The row in
`open_data_vintages` with its journal line is the commit: until then, and after any failure, the previous vintage stays
in use. Formats belong to `open_data.layouts`, fetching files to `open_data.fetch`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import duckdb
from shapely.errors import ShapelyError
from sqlalchemy import Connection, Engine, insert, select, update

from open_data.failures import SourceFailed
from open_data.layouts.layout import Layout, literal, measure_sql
from open_data.layouts.registry import layout_of
from open_data.sources import Source, file_sha256, find_files, unpack_by_hand
from stores.all_stores import Stores
from stores.engine import connect
from stores.lake import Lake, vintage_name
from stores.operations import base_tables, database, journal
from stores.schemas.column_classes import Table
from terms.clock import Clock, to_micros
from terms.errors import FiliationError
from terms.identifiers import digest

Progress = Callable[[str], None]


class Outcome(StrEnum):
    """What became of one source in one refresh; unless it was `loaded`, the previous vintage stays in use, if there is one."""

    LOADED = "loaded"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    ABSENT = "absent"


@dataclass(frozen=True)
class ControlTotal:
    """A sum measured in a load; `expected` is the published one, None for an extract."""

    measure: str
    expected: int | None
    found: int


@dataclass(frozen=True)
class SourceReport:
    """What became of one source: counts, hashes and words, fit for a log or an asset's metadata.

    Attributes:
        serving: name in the lake of the vintage in use after this refresh, None if there is none.
        files: file name -> sha256 (hex) of its bytes.
        rows: table -> rows, of a load only.
        message: why it failed, or why an older vintage stays in use; None where all is well.
    """

    source: Source
    outcome: Outcome
    serving: str | None
    files: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    control_totals: tuple[ControlTotal, ...] = ()
    message: str | None = None


@dataclass(frozen=True)
class _Serving:
    vintage: str
    sha256: str
    rows: int
    loaded_at: int


@dataclass(frozen=True)
class _Found:
    """The files of one source, hashed; `sha256` sums up bytes, layout and meaning, so a new reader reads again."""

    paths: tuple[Path, ...]
    files: Mapping[str, str]
    sha256: str
    marks: tuple[tuple[int, int, int], ...]


def refresh_open_data(
    stores: Stores, folder: Path, sources: Iterable[Source], clock: Clock, progress: Progress
) -> tuple[SourceReport, ...]:
    """Load each source's newest files from the folder into the lake, and report on each in order.

    Args:
        stores: where vintages are kept.
        folder: the open-data folder.
        sources: to load, in this order.
        clock: dates the loads.
        progress: gets a line of text now and then.

    Raises:
        UsageError: a source names no known layout or lacks a field that it needs; nothing was loaded then.
    """
    planned = [(source, layout_of(source)) for source in sources]
    reports = []
    for source, layout in planned:
        report = _refresh_source(stores, folder, source, layout, clock, progress)
        _record_attempt(stores.engine, report, clock)
        reports.append(report)
    return tuple(reports)


def _refresh_source(
    stores: Stores, folder: Path, source: Source, layout: Layout, clock: Clock, progress: Progress
) -> SourceReport:
    serving = _serving(stores.engine, source.source_id)
    name = vintage_name(source.source_id, serving.vintage, serving.sha256) if serving else None
    try:
        paths = find_files(folder, source)
        if not paths:
            return _absent(folder, source, name)
        found = _hash_files(folder, source, layout, paths)
        if serving and (serving.vintage, serving.sha256) == (source.vintage, found.sha256):
            if _is_in_lake(stores.lake, layout, vintage_name(source.source_id, source.vintage, found.sha256)):
                totals = _serving_totals(stores.lake, source, layout, name or "")
                return SourceReport(source, Outcome.UNCHANGED, name, found.files, control_totals=totals)
        progress(f"{source.source_id}: reading {', '.join(found.files)}")
        return _load(stores, source, layout, found, serving, clock)
    except FiliationError as error:
        return SourceReport(source, Outcome.FAILED, name, message=_failure(str(error), name))
    except (duckdb.Error, OSError, EOFError, ValueError, ShapelyError) as error:
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        return SourceReport(source, Outcome.FAILED, name, message=_failure(reason, name))


def _absent(folder: Path, source: Source, serving: str | None) -> SourceReport:
    reason = f"No file fits {', '.join(source.files)}"
    if source.archive is not None and any(folder.rglob(source.archive)):
        reason = f"{source.archive} stands in the folder packed. {unpack_by_hand(source).removesuffix('.')}"
    if serving is None:
        return SourceReport(source, Outcome.ABSENT, None, message=f"{reason}.")
    message = f"{reason}; {serving} goes on serving."
    return SourceReport(source, Outcome.UNCHANGED, serving, message=message)


def _failure(reason: str, serving: str | None) -> str:
    return f"{reason} {f'{serving} goes on serving.' if serving else 'Nothing of this source serves.'}"


def _hash_files(folder: Path, source: Source, layout: Layout, paths: tuple[Path, ...]) -> _Found:
    marks = _marks(paths)
    files = {str(path.relative_to(folder)): file_sha256(path) for path in paths}
    meaning: tuple[object, ...] = (source.bureau_map, source.election, source.round, source.commune, source.precedence)
    if source.id_election is not None:
        meaning = (*meaning, source.id_election)
    parts = [layout.name, str(layout.version), *map(str, meaning), *(f"{sha} {name}" for name, sha in files.items())]
    return _Found(paths, files, digest(*parts), marks)


def _marks(paths: tuple[Path, ...]) -> tuple[tuple[int, int, int], ...]:
    stats = [path.stat() for path in paths]
    return tuple((stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats)


def _check_unmoved(found: _Found) -> None:
    """What was hashed must be what was read: a fetch may have put a newer file in its place."""
    if _marks(found.paths) != found.marks:
        raise SourceFailed("A file was replaced while it was read.", "The next refresh takes the new one.")


def _is_in_lake(lake: Lake, layout: Layout, name: str) -> bool:
    return all(lake.path(table, name).exists() for table in layout.tables)


def _load(
    stores: Stores, source: Source, layout: Layout, found: _Found, serving: _Serving | None, clock: Clock
) -> SourceReport:
    name = vintage_name(source.source_id, source.vintage, found.sha256)
    with tempfile.TemporaryDirectory(prefix="filiation-open-data-") as spill:
        connection = connect(spill_to=Path(spill))
        try:
            rows = _shape(connection, source, layout, found.paths)
            _check_unmoved(found)
            first = rows[layout.tables[0].name]
            _check_shrink(source, first, serving)
            totals = _check_totals(connection, source, layout, first)
            for table in layout.tables:
                stores.lake.write(connection, table, name, f"select * from shaped_{table.name}")
        finally:
            connection.close()
    report = SourceReport(source, Outcome.LOADED, name, found.files, rows, totals)
    _commit(stores.engine, report, found, serving, clock)
    return report


def _shape(
    connection: duckdb.DuckDBPyConnection, source: Source, layout: Layout, paths: tuple[Path, ...]
) -> dict[str, int]:
    """Make `shaped_<table>` for each table of the layout and return their numbers of rows; none may be empty."""
    selects = layout.shape(connection, source, paths)
    load = f"{literal(source.source_id)} as source_id, {literal(source.vintage)} as vintage"
    rows = {}
    for table in layout.tables:
        precedence = f"{source.precedence} as precedence, " if "precedence" in table.names() else ""
        connection.execute(
            f"create or replace temp table shaped_{table.name} as select *, {precedence}{load} from ({selects[table]})"
        )
        rows[table.name] = _count(connection, f"select count(*) from shaped_{table.name}")
        if rows[table.name] == 0:
            raise SourceFailed(f"{source.source_id} gives no row for {table.name}.", "Is it the announced file?")
        _check_key(connection, source, table)
    return rows


def _check_key(connection: duckdb.DuckDBPyConnection, source: Source, table: Table) -> None:
    key = ", ".join(table.key)
    blank = " or ".join(f"{column} is null" for column in table.key)
    repeated = _count(
        connection, f"select count(*) from (select 1 from shaped_{table.name} group by {key} having count(*) > 1)"
    )
    unnamed = _count(connection, f"select count(*) from shaped_{table.name} where {blank}")
    if repeated or unnamed:
        raise SourceFailed(
            f"{source.source_id}: {repeated} keys of {table.name} stand twice and {unnamed} rows have none ({key}).",
            "Is a file there twice?",
        )


def _check_shrink(source: Source, rows: int, serving: _Serving | None) -> None:
    if serving and rows * 100 < serving.rows * (100 - source.max_shrink_pct):
        raise SourceFailed(
            f"{source.source_id} has {rows} rows, the serving vintage {serving.rows}.",
            f"More than {source.max_shrink_pct} % less looks like a cut file; raise max_shrink_pct if it is right.",
        )


def _check_totals(
    connection: duckdb.DuckDBPyConnection, source: Source, layout: Layout, rows: int
) -> tuple[ControlTotal, ...]:
    control = source.control_totals
    published = control.totals if control and rows >= control.whole_from else {}
    wanted = control.totals if control else {}
    totals = tuple(
        ControlTotal(measure, published.get(measure), _count(connection, measure_sql(layout, measure) or ""))
        for measure in wanted
    )
    wrong = [f"{item.measure} {item.found} instead of {item.expected}" for item in totals if _differs(item)]
    if wrong:
        raise SourceFailed(f"{source.source_id} does not sum up: {'; '.join(wrong)}.", "Fetch it again.")
    return totals


def _serving_totals(lake: Lake, source: Source, layout: Layout, name: str) -> tuple[ControlTotal, ...]:
    """Measure the totals of a vintage that is in the lake: what serves is checked on every night, not only when it came."""
    connection = connect()
    try:
        for table in layout.tables:
            connection.execute(f"create temp view shaped_{table.name} as {lake.sql(table, [name])}")
        rows = _count(connection, f"select count(*) from shaped_{layout.tables[0].name}")
        return _check_totals(connection, source, layout, rows)
    finally:
        connection.close()


def _differs(total: ControlTotal) -> bool:
    return total.expected is not None and total.expected != total.found


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def _serving(engine: Engine, source_id: str) -> _Serving | None:
    table = base_tables.open_data_vintages
    query = (
        select(table.c.vintage, table.c.sha256, table.c.rows, table.c.loaded_at)
        .where(table.c.source_id == source_id)
        .order_by(table.c.loaded_at.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return _Serving(row.vintage, row.sha256, row.rows, row.loaded_at) if row else None


def _commit(engine: Engine, report: SourceReport, found: _Found, serving: _Serving | None, clock: Clock) -> None:
    now = clock.now()
    source = report.source
    key = {"source_id": source.source_id, "vintage": source.vintage, "sha256": found.sha256}
    # The newest load serves, whatever a clock that was set back says.
    loaded_at = max(to_micros(now), serving.loaded_at + 1 if serving else 0)
    rows = next(iter(report.rows.values()))
    values = {"file_name": ", ".join(found.files), "rows": rows, "loaded_at": loaded_at}
    with database.transaction(engine) as connection:
        _put_vintage(connection, key, values)
        journal.append(
            connection,
            now,
            journal.Entry.OPEN_DATA,
            f"{source.source_id}@{source.vintage}",
            {"sha256": found.sha256, "files": dict(found.files), "rows": dict(report.rows)},
        )


def _put_vintage(connection: Connection, key: Mapping[str, str], values: Mapping[str, object]) -> None:
    """Insert the load, or make it the newest again where the same bytes had been loaded before another load."""
    table = base_tables.open_data_vintages
    if not database.insert_once(connection, table, [{**key, **values}]):
        same = [table.c[name] == value for name, value in key.items()]
        connection.execute(update(table).where(*same).values(**values))


def _record_attempt(engine: Engine, report: SourceReport, clock: Clock) -> None:
    with database.transaction(engine) as connection:
        connection.execute(
            insert(base_tables.open_data_attempts).values(
                source_id=report.source.source_id,
                at=to_micros(clock.now()),
                outcome=report.outcome.value,
                message=report.message,
            )
        )
