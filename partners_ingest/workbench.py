"""The database in memory in which one delivery is worked on, and its physical lines as a table, a batch of them at a time.

No table of whole records grows with the file: a delivery is worked on in batches of lines, whose rows leave before the
next batch is laid. What does not fit all the same spills into the private scratch folder, under a key that exists in
this process only, and goes when the delivery is done. What is made of the lines belongs to the readers and to `opt_ins`
and `withdrawals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa

from consent.dossiers import Feed
from partners_ingest.encodings import TextEncoding, decide_encoding
from partners_ingest.unpacking import DAMAGED
from stores.engine import connect
from stores.line_commitments import COMMITTED_SCHEMA, CommittedLines
from stores.lines import BLOCK_BYTES, CodeUnit, physical_lines
from stores.vault import Vault

#: Bytes kept from the start of a file to know what it is.
_HEAD_BYTES = 4096
#: Memory of the tables before they spill: with the interpreter and its libraries a process stays below 2 GB.
_MEMORY = "800MB"
#: Bytes of lines that are worked on at a time. Each batch costs the planning of some fifty queries, a larger one memory.
BATCH_BYTES = 128 * 1024 * 1024
#: Columns of lines that the readers need.
_PLACED = "line_number, byte_offset, byte_length, raw"
#: Bytes that decide the encoding.
_PEEK_BYTES = 4


@dataclass(frozen=True)
class Content:
    """What the pass over the unpacked bytes showed; `is_damaged` if the container ended early.

    `encoding` is how the lines were split and will be decoded, `root` the Merkle root (hex) over their commitments;
    `is_whole` says that all lines are one batch.
    """

    sha256: str
    size: int
    head: bytes
    lines: int
    is_damaged: bool
    encoding: TextEncoding
    root: str
    is_whole: bool


@contextmanager
def open_workbench(folder: Path, vault: Vault) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection whose tables lie in memory, and encrypted in `folder` beyond it; unlocked for the vault.

    Not a database file: DuckDB would compress every step's table, which costs more than the steps.
    """
    connection = connect(spill_to=folder)
    try:
        connection.execute(f"set memory_limit = '{_MEMORY}'")
        # every row carries its line number, and a join would let one thread alone keep the order
        connection.execute("set preserve_insertion_order = false")
        vault.unlock(connection)
        yield connection
    finally:
        connection.close()


def load_lines(
    connection: duckdb.DuckDBPyConnection,
    stream: BinaryIO,
    feed: Feed | None,
    keep: Callable[[pa.Table], None] | None = None,
) -> Content:
    """Read and hash a stream to its end; create the table `lines` (columns of `stores.line_commitments`) of its first batch.

    Args:
        connection: the workbench.
        stream: the unpacked bytes.
        feed: whose encoding says how lines are split.
        keep: gets every batch where there are several.
    """
    watched = _WatchedStream(stream)
    encoding = decide_encoding(watched.peek(), feed)
    committed = CommittedLines(physical_lines(watched, _block_bytes(), encoding.unit))  # type: ignore[arg-type]
    batches = _batches(committed)
    first = next(batches, COMMITTED_SCHEMA.empty_table())
    _lay_first(connection, first)
    count, is_whole = first.num_rows, True
    for batch in batches:
        if is_whole and keep is not None:
            keep(first)
        is_whole, count = False, count + batch.num_rows
        if keep is not None:
            keep(batch)
    digest = watched.digest.hexdigest()
    return Content(digest, watched.size, watched.head, count, watched.damaged, encoding, committed.root, is_whole)


def _lay_first(connection: duckdb.DuckDBPyConnection, batch: pa.Table) -> None:
    connection.register("line_batch", batch)
    connection.execute("create or replace table lines as select * from line_batch")
    connection.execute(f"create or replace table held_lines as select {_PLACED} from lines limit 0")
    connection.unregister("line_batch")


def read_lines(stream: BinaryIO, unit: CodeUnit) -> Iterator[pa.Table]:
    """Yield the lines of a stream that was loaded before, batch by batch (columns of `stores.lines`)."""
    return _batches(physical_lines(stream, _block_bytes(), unit))


def _block_bytes() -> int:
    return min(BLOCK_BYTES, BATCH_BYTES)


def lay_lines(connection: duckdb.DuckDBPyConnection, batch: pa.Table) -> None:
    """Create the table `lines` of a batch, behind the lines that were held back of the batch before."""
    connection.register("line_batch", batch)
    connection.execute(
        f"create or replace table lines as select {_PLACED} from held_lines union all select {_PLACED} from line_batch"
    )
    connection.unregister("line_batch")
    connection.execute("delete from held_lines")


def hold_lines(connection: duckdb.DuckDBPyConnection, first: int) -> None:
    """Take the lines from `first` on out of `lines` and keep them for the next batch: a record that they begin is not over."""
    connection.execute(f"insert into held_lines select {_PLACED} from lines where line_number >= {first}")
    connection.execute(f"delete from lines where line_number >= {first}")


def _batches(blocks: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Put blocks of lines together up to `BATCH_BYTES` of text."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for block in blocks:
        length = block.column("raw").nbytes
        if waiting and size + length > BATCH_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting, size = [], 0
        waiting.append(block)
        size += length
    if waiting:
        yield pa.Table.from_batches(waiting)


class _WatchedStream:
    """Passes bytes on, and notes hash, size, head and whether the container broke."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._peeked = b""
        self.digest = sha256()
        self.size = 0
        self.head = b""
        self.damaged = False

    def peek(self) -> bytes:
        """Return the first bytes, which the next read gives again."""
        try:
            self._peeked = self._stream.read(_PEEK_BYTES)
        except DAMAGED:
            self.damaged = True
        return self._peeked

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes; a damaged container reads as its end, and `damaged` says so."""
        block, self._peeked = self._peeked, b""
        try:
            block = block or self._stream.read(size)
        except DAMAGED:
            self.damaged = True
            return b""
        self.digest.update(block)
        self.size += len(block)
        if len(self.head) < _HEAD_BYTES:
            self.head = (self.head + block)[:_HEAD_BYTES]
        return block
