"""JSON records that write one key twice with two values: no reader says which of them was meant.

DuckDB takes the first, Python the last. An exporter writes the same keys in all records, or nearly: so the shapes of the records are
looked at, and only where one writes a key twice are its lines read by Python, which compares the values. What becomes of such a
record belongs to `json_lines`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

import duckdb
import pyarrow as pa

from partners_ingest.readers.json_paths import objects_of
from stores.sql_files import sql_of

#: Lines read by Python at a time; bounds memory.
_BATCH = 20_000


def find_repeated_keys(connection: duckdb.DuckDBPyConnection, paths: Iterable[str]) -> None:
    """Create `repeated_keys` (line_number): lines of `text_lines` in which a key of an object has two values.

    Args:
        connection: the workbench, with `text_lines`.
        paths: that the dossier maps: the objects on the way to them are looked at.
    """
    connection.execute("create or replace table repeated_keys (line_number bigint)")
    within, after = objects_of(paths)
    looked_at = {"objects": [*within, *after], "after": len(after)}
    shapes = connection.execute(sql_of(__file__, "shapes"), looked_at).fetchall()
    odd = [shape for shape, text, is_longer in shapes if is_longer or not _is_plain(text)]
    if not odd:
        return
    connection.execute(sql_of(__file__, "suspect_lines"), {"objects": looked_at["objects"], "odd": odd})
    for batch in _suspects(connection):
        lines = [line for line, text in batch if _contradicts(text)]
        connection.register("repeated_batch", pa.table({"line_number": pa.array(lines, pa.int64())}))
        connection.execute("insert into repeated_keys select line_number from repeated_batch")
        connection.unregister("repeated_batch")


def _suspects(connection: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[int, str]]]:
    start = 0
    while rows := connection.execute(
        "select line_number, text from suspect_lines where rowid >= ? and rowid < ?", [start, start + _BATCH]
    ).fetchall():
        start += _BATCH
        yield rows


class _Repeated(Exception):
    """A key that is there twice."""


def _is_plain(text: str) -> bool:
    """Return whether a record writes every key once."""
    return _reads(text, _once)


def _contradicts(text: str) -> bool:
    return not _reads(text, _one_value)


def _reads(text: str, hook: Callable[[list[tuple[str, object]]], dict[str, object]]) -> bool:
    """Return whether all objects of a record pass; one that Python cannot read does not."""
    try:
        json.loads(text, object_pairs_hook=hook, parse_int=str, parse_float=str)
    except (_Repeated, RecursionError, ValueError):
        return False
    return True


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    told = dict(pairs)
    if len(told) < len(pairs):
        raise _Repeated
    return told


def _one_value(pairs: list[tuple[str, object]]) -> dict[str, object]:
    told = dict(pairs)
    if len(told) < len(pairs) and any(told[key] != value for key, value in pairs):
        raise _Repeated
    return told
