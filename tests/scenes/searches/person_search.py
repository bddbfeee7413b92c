"""Looks for given numbers in everything under a home, opened as far as we can: bytes, values, the vault, the evidence.

In any form a number is written in, and for the ids that are made of it. Nothing of the project's own search is used.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from stores.all_stores import Stores
from stores.schemas import all_tables
from tests.scenes.searches.leak_search import _of_duckdb, _of_sqlite

_RUN = re.compile(r"[0-9](?:[ .\-/()\u00a0\u202f]{0,2}[0-9]){8,17}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class PersonSearch:
    """The numbers (E.164, French) whose traces are looked for."""

    def __init__(self, stores: Stores, numbers: list[str]) -> None:
        self._stores = stores
        self._cores = {number[-9:] for number in numbers}
        self._contacts = {stores.keys.contact_id(number) for number in numbers}

    def places(self) -> list[str]:
        """Return the places in which something of them can be found; names of places only."""
        root = self._stores.home.root
        files = [file for file in root.rglob("*") if file.is_file()]
        found = {str(file.relative_to(root)) for file in files for text in self._texts(file) if self.is_trace(text)}
        return sorted(found)

    def is_trace(self, text: str) -> bool:
        """Return whether a number or an id of a person stands in a text."""
        if any(contact in self._contacts for contact in _UUID.findall(text)):
            return True
        for run in _RUN.findall(text):
            digits = re.sub(r"\D", "", run)
            if any(digits[start : start + 9] in self._cores for start in range(len(digits) - 8)):
                return True
        return False

    def _texts(self, file: Path) -> Iterator[str]:
        yield file.name
        if file.name == "delivered.enc":
            with self._stores.evidence.open(file.parent.name) as stream:
                yield from _unpacked(stream.read())
        elif file.suffix == ".parquet":
            yield from self._cells(file)
        elif file.suffix == ".duckdb":
            yield from (value for _, value in _all_of_duckdb(file))
        elif file.suffix in {".sqlite", ".db"}:
            yield from (value for _, value in _of_sqlite(file))
            yield file.read_bytes().decode("latin-1")
        else:
            yield from _unpacked(file.read_bytes())

    def _cells(self, file: Path) -> Iterator[str]:
        if "vault" in file.parts:
            table = next(table for table in all_tables.VAULT_TABLES if table.name == file.parent.name)
            with self._stores.vault.rewriter(table, file.stem) as vault:
                yield from _of_relation(vault, table.name)
        else:
            with duckdb.connect() as connection:
                yield from _of_relation(connection, f"read_parquet('{file}')")


def _all_of_duckdb(file: Path) -> Iterator[tuple[str, str]]:
    yield from _of_duckdb(file)
    with duckdb.connect(str(file), read_only=True) as connection:
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            names = [row[0] for row in connection.execute(f'describe "{table}"').fetchall()]
            if "contact_id" in names:
                rows = connection.execute(f'select distinct contact_id::varchar from "{table}"').fetchall()
                yield from ((table, str(contact)) for (contact,) in rows)


def _of_relation(connection: duckdb.DuckDBPyConnection, relation: str) -> Iterator[str]:
    columns = connection.execute(f"describe select * from {relation}").fetchall()
    texts = [f'"{name}"::varchar' for name, kind, *_ in columns if kind != "BLOB"]
    for row in connection.execute(f"select {', '.join(texts)} from {relation}").fetchall():
        yield from (value for value in row if value is not None)


def _unpacked(data: bytes) -> Iterator[str]:
    """Yield bytes as text, in one byte a letter and in two, and what is packed in them."""
    yield data.decode("latin-1")
    yield data.decode("utf-8", errors="ignore")
    yield data.replace(b"\0", b"").decode("latin-1")
    if data.startswith(b"\x1f\x8b"):
        try:
            yield from _unpacked(gzip.decompress(data))
        except (EOFError, OSError):
            yield from _as_far_as_it_goes(data)
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    yield from _unpacked(archive.read(name))
        except zipfile.BadZipFile:
            return


def _as_far_as_it_goes(data: bytes) -> Iterator[str]:
    read, stream = b"", gzip.GzipFile(fileobj=io.BytesIO(data))
    try:
        while block := stream.read1(65536):
            read += block
    except (EOFError, OSError):
        pass
    yield from _unpacked(read)
