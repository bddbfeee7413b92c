"""Looks for telephone numbers of the fiction range and for e-mail addresses in every byte under a folder.

Compression hides text, so Parquet, DuckDB and SQLite files are also read and searched value by value. The vault and
the evidence are encrypted: their bytes are searched like any others, their content is where numbers belong.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb

_GAP = rb"[ .\-/\x00]{0,2}"
#: 06 39 98 xx xx in any written form, standing alone: hashes are long words of hex digits and do not count.
NUMBER = re.compile(
    rb"(?<![0-9A-Za-z])(?:\+33|0033|33|0)?" + _GAP + rb"6" + _GAP + rb"3" + _GAP + rb"9" + _GAP + rb"9" + _GAP + rb"8"
    rb"(?:" + _GAP + rb"[0-9]){4}(?![0-9A-Za-z])"
)
EMAIL = re.compile(rb"@exemple\.test")


def leaks(root: Path) -> list[str]:
    """Return the places under `root` where a number or an e-mail address can be read; names of places only."""
    return sorted({place for file in root.rglob("*") if file.is_file() for place in _in_file(file, root)})


def is_leak(text: bytes) -> bool:
    """Return whether a number or an e-mail address stands in these bytes."""
    return bool(NUMBER.search(text) or EMAIL.search(text))


def _in_file(file: Path, root: Path) -> Iterator[str]:
    name = str(file.relative_to(root))
    if is_leak(name.encode()) or is_leak(file.read_bytes()):
        yield name
    for place, value in _values(file):
        if is_leak(value.encode()):
            yield f"{name}: {place}"


def _values(file: Path) -> Iterator[tuple[str, str]]:
    if file.suffix == ".parquet" and "vault" not in file.parts:
        with duckdb.connect() as connection:
            yield from _of_relation(connection, f"read_parquet('{file}')", file.stem)
    elif file.suffix == ".duckdb":
        yield from _of_duckdb(file)
    elif file.suffix in {".sqlite", ".db"}:
        yield from _of_sqlite(file)


def _of_duckdb(file: Path) -> Iterator[tuple[str, str]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        for schema, table in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall():
            yield from _of_relation(connection, f'"{schema}"."{table}"', table)


def _of_relation(connection: duckdb.DuckDBPyConnection, relation: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the values that a first, generous pattern lets through: digits 63998 in a row, gaps aside, or an e-mail."""
    columns = [row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()]
    for column in columns:
        text = f'"{column}"::varchar'
        suspects = connection.execute(
            f"select {text} from {relation} where regexp_matches({text}, '6[^0-9]*3[^0-9]*9[^0-9]*9[^0-9]*8|@')"
        ).fetchall()
        yield from ((f"{name}.{column}", value) for (value,) in suspects)


def _of_sqlite(file: Path) -> Iterator[tuple[str, str]]:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in connection.execute(f'select * from "{table}"'):
                yield from ((table, str(value)) for value in row if value is not None)
