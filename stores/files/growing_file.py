"""A Parquet file that is written while its rows are still being made, batch by batch; it appears whole or not at all.

Its path, columns and encryption belong to `stores.lake`, `stores.vault` and `stores.evidence.evidence_store`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from queue import Full, Queue
from threading import Thread
from typing import TYPE_CHECKING

import duckdb

from stores.schemas.column_classes import Table
from terms.errors import FiliationError

if TYPE_CHECKING:  # a look-up begins sooner without it
    import pyarrow as pa

#: Batches that wait to be written: one, so that memory is bounded whatever the file's size.
_WAITING = 1
#: Seconds after which a writer that takes nothing is looked at.
_PATIENCE = 1.0

#: Writes a query of a connection as one file and returns its number of rows (`stores.files.parquet.write_table`).
Write = Callable[[duckdb.DuckDBPyConnection, str], int]


class _Abandoned(Exception):
    """Ends the writing of a file that is not to be."""


class GrowingFile:
    """Rows appended here are written by a thread of their own; the file appears with `finish`.

    DuckDB writes a file by one statement only: that statement reads what is appended.
    """

    def __init__(
        self, table: Table, connect: Callable[[], duckdb.DuckDBPyConnection], write: Write, shared: Mapping[str, str]
    ) -> None:
        """Prepare a file of a table.

        Args:
            table: whose columns, but those in `shared`, are appended.
            connect: gives the connection that writes.
            write: how it writes.
            shared: name -> SQL of columns that are the same in every row, and so are not passed along with each.
        """
        self._connect, self._write = connect, write
        columns = (f"{shared[name]} as {name}" if name in shared else name for name in table.names())
        self._select = f"select {', '.join(columns)} from grown_rows"
        self._batches: Queue[pa.RecordBatch | None] = Queue(_WAITING)
        self._thread: Thread | None = None
        self._rows = 0
        self._error: BaseException | None = None
        self._is_abandoned = False

    @property
    def is_begun(self) -> bool:
        """Whether anything was appended."""
        return self._thread is not None

    def append(self, rows: pa.RecordBatchReader) -> None:
        """Add rows after those before; waits while the writer is behind.

        Raises:
            FiliationError: the file cannot be written.
        """
        if self._thread is None:
            self._thread = Thread(target=self._run, args=(type(rows), rows.schema), daemon=True)
            self._thread.start()
        for batch in rows:
            self._put(batch)

    def finish(self) -> int:
        """Let the file appear and return its number of rows.

        Raises:
            FiliationError: the file cannot be written.
        """
        assert self._thread is not None, "nothing was appended"
        self._put(None)
        self._thread.join()
        self._check()
        return self._rows

    def abandon(self) -> None:
        """Forget what was appended; after `finish` nothing is left to forget."""
        self._is_abandoned = True
        while self._thread is not None and self._thread.is_alive():
            try:
                self._batches.put(None, timeout=_PATIENCE)
            except Full:
                continue
            self._thread.join(_PATIENCE)

    def _put(self, batch: pa.RecordBatch | None) -> None:
        while True:
            self._check()
            try:
                return self._batches.put(batch, timeout=_PATIENCE)
            except Full:
                continue

    def _check(self) -> None:
        if self._error is not None:
            raise FiliationError(
                f"A file could not be written batch by batch ({type(self._error).__name__}).",
                "Look at the space and the rights of the home's disk, and run it again.",
                code=type(self._error).__name__,
            ) from None  # what DuckDB says may quote a cell

    def _run(self, reader: type[pa.RecordBatchReader], schema: pa.Schema) -> None:
        try:
            with self._connect() as connection:
                connection.register("grown_rows", reader.from_batches(schema, self._taken()))
                self._rows = self._write(connection, self._select)
        except Exception as error:  # told to whoever appends
            self._error = error

    def _taken(self) -> Iterator[pa.RecordBatch]:
        while (batch := self._batches.get()) is not None:
            yield batch
        if self._is_abandoned:
            raise _Abandoned
