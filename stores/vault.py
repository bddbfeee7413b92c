"""The vault: encrypted Parquet with names, numbers and addresses; the only store that may hold them.

The callers of each public method that hands identity out are listed in tests/unit/project/test_identity_readers.py;
adding one is a decision. Nothing here logs, and no message holds a value. Rows without identity belong to
`stores.lake`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from stores.engine import another, connect, connect_for_few, load_httpfs, quoted
from stores.files.growing_file import GrowingFile
from stores.files.parquet import Parameters, read_sql, remove_files, write_table
from stores.home import Home
from stores.keys import FileKeys
from stores.schemas.column_classes import Table
from stores.schemas.vault_tables import ADDRESSES, IDENTITIES, SALTS
from stores.sql_files import sql_of

_KEY_NAME = "vault"
#: Option of a reading, after the file's name.
_UNLOCKED = f", encryption_config = {{footer_key: '{_KEY_NAME}'}}"


class Vault:
    """Files under `vault/<table>/<name>.parquet`, AES-GCM encrypted with the home's vault key."""

    def __init__(self, home: Home, keys: FileKeys) -> None:
        self._root = home.vault
        self._keys = keys
        self._opened: duckdb.DuckDBPyConnection | None = None
        self._expects_many = False

    def path(self, table: Table, name: str) -> Path:
        """Return where the file of this name lies, whether it exists or not."""
        return self._root / table.name / f"{name}.parquet"

    def unlock(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let a writing connection write vault files."""
        load_httpfs(connection)
        self._add_key(connection)

    def forget(self, name: str) -> None:
        """Remove the files of this name from every table, those included that were never finished."""
        remove_files(self._root, name)

    def write(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: Table,
        name: str,
        select: str,
        parameters: Parameters | None = None,
    ) -> int:
        """Write a query as one encrypted file; a file of the same name is replaced whole.

        Args:
            connection: unlocked by `unlock`; where the relations of `select` are.
            table: the schema; `select` must give exactly its columns.
            name: of the file, as of `stores.lake.reading_name`.
            select: SQL text with named parameters.
            parameters: their values.

        Returns:
            The number of rows.

        Raises:
            FiliationError: the columns are not the table's.
        """
        options = f", encryption_config {{footer_key: '{_KEY_NAME}'}}"
        return write_table(connection, table, self.path(table, name), select, parameters=parameters, options=options)

    def grow(self, table: Table, name: str, shared: Mapping[str, str]) -> GrowingFile:
        """Return an encrypted file that is written batch by batch.

        Args:
            table: the schema.
            name: of the file.
            shared: name -> SQL of columns that have the same value in every row.
        """
        return GrowingFile(
            table, self._writer, lambda connection, select: self.write(connection, table, name, select), shared
        )

    def numbers(self, names: Iterable[str], contact_ids: Sequence[str]) -> dict[str, str]:
        """Return the E.164 number of each contact that has one, by contact id. For the hand-over of a message."""
        with self._reader(IDENTITIES, names) as reader:
            rows = reader.execute(
                sql_of(__file__, "numbers"),
                {"ids": list(contact_ids)},
            ).fetchall()
        return dict(rows)

    def addresses(self, names: Iterable[str]) -> duckdb.DuckDBPyConnection:
        """Return a connection in memory with a view `addresses`; the caller closes it. For `territories`."""
        return self._view(connect(), ADDRESSES, names)

    def identities(self, names: Iterable[str]) -> duckdb.DuckDBPyConnection:
        """Return a connection in memory with a view `identities`; the caller closes it. For `lineage`."""
        return self._reader(IDENTITIES, names)

    def page_urls(self, lines: Mapping[str, Sequence[int]]) -> list[tuple[str, int, str]]:
        """Return file name, line number and page URL of those given lines that have one. For `lineage`.

        Rows lie in the order of lines: asked file by file with literal numbers, most row groups are skipped unread.
        Every file ever written has these columns, so none needs the schema's defaults.

        Args:
            lines: 1-based line numbers by file name.
        """
        if not lines:
            return []
        reads = [
            f"select '{quoted(name)}', line_number, page_url"
            f" from read_parquet('{quoted(self.path(IDENTITIES, name))}'{_UNLOCKED})"
            f" where line_number in ({', '.join(map(str, sorted(some)))}) and page_url is not null"
            for name, some in sorted(lines.items())
        ]
        with self._memory().cursor() as reader:  # no instants are read, so it need not be told of time
            found: list[tuple[str, int, str]] = reader.execute(" union all ".join(reads)).fetchall()
        return found

    def expect_many(self) -> None:
        """Prepare for many small readings by one process: files are then decrypted in hardware, in half the time.

        Loading the extension for it takes a tenth of a second, more than a single look-up gains.
        """
        if not self._expects_many:
            load_httpfs(self._memory())
            self._expects_many = True

    def files(self, table: Table) -> list[str]:
        """Return the names of all files of a table, sorted."""
        return sorted(file.stem for file in (self._root / table.name).glob("*.parquet"))

    def rewriter(self, table: Table, name: str) -> duckdb.DuckDBPyConnection:
        """Return a connection unlocked for writing, with a view `<table>` of one file; the caller closes it.

        For `lineage.erasure.erasure_files` and `drop_salts`: what is selected goes back by `write`.
        """
        return self._view(connect(), table, [name])

    def drop_salts(self, delivery_id: str, lines: Sequence[int]) -> None:
        """Destroy the salts of physical lines: their commitments then say nothing about them. For redaction."""
        if not self.path(SALTS, delivery_id).exists():
            return
        with self.rewriter(SALTS, delivery_id) as connection:
            self.write(
                connection,
                SALTS,
                delivery_id,
                sql_of(__file__, "kept_salts"),
                {"lines": list(lines)},
            )

    def salts(self, delivery_id: str, first_line: int, last_line: int) -> list[bytes]:
        """Return the salts (16 bytes each) of a range of physical lines, in order. For `lineage`.

        Args:
            delivery_id: whose lines.
            first_line: 1-based.
            last_line: 1-based, included.
        """
        with self._reader(SALTS, [delivery_id]) as reader:
            rows = reader.execute(
                sql_of(__file__, "salts"),
                {"first_line": first_line, "last_line": last_line},
            ).fetchall()
        return [row[0] for row in rows]

    def _reader(self, table: Table, names: Iterable[str]) -> duckdb.DuckDBPyConnection:
        """Return a connection for questions about few rows: nothing of it is large enough to spill.

        All of them are in one memory, which remembers where in a file what lies; making a new one costs more than
        asking.
        """
        reader = self._cursor()
        reader.execute(f"create temp view {table.name} as {self._read(table, names)}")
        return reader

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        return another(self._memory())

    def _memory(self) -> duckdb.DuckDBPyConnection:
        if self._opened is None:
            self._opened = connect_for_few()
            self._opened.execute("set parquet_metadata_cache = true")
            self._add_key(self._opened)  # it holds for the whole memory
        return self._opened

    def _writer(self) -> duckdb.DuckDBPyConnection:
        connection = connect_for_few()
        self.unlock(connection)
        return connection

    def _view(
        self, connection: duckdb.DuckDBPyConnection, table: Table, names: Iterable[str]
    ) -> duckdb.DuckDBPyConnection:
        self._add_key(connection)
        connection.execute(f"create temp view {table.name} as {self._read(table, names)}")
        return connection

    def _read(self, table: Table, names: Iterable[str]) -> str:
        return read_sql(table, [self.path(table, name) for name in names], _UNLOCKED)

    def _add_key(self, connection: duckdb.DuckDBPyConnection) -> None:
        encoded = base64.b64encode(self._keys.vault).decode()
        connection.execute(f"pragma add_parquet_key('{_KEY_NAME}', '{encoded}')")
