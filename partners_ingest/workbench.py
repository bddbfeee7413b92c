"""The database in memory in which one delivery is worked on, and its physical lines as a table.

What does not fit spills into the private scratch folder, under a key that exists in this process only, and goes when
the delivery is done. What is made of the lines belongs to the readers and to `opt_ins` and `withdrawals`.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from stores.lines import physical_lines
from stores.vault import Vault

#: Bytes kept from the start of a file to know what it is.
_HEAD_BYTES = 4096
#: Memory of the tables before they spill: with the interpreter and its libraries a process stays below 2 GB.
_MEMORY = "1GB"
#: Bytes that decide the encoding.
_PEEK_BYTES = 4


@dataclass(frozen=True)
class Content:
    """What the pass over the unpacked bytes showed; `is_damaged` if the container ended early.

    `encoding` is how the lines were split and will be decoded, `root` the Merkle root (hex) over their commitments.
    """

    sha256: str
    size: int
    head: bytes
    lines: int
    is_damaged: bool
    encoding: TextEncoding
    root: str


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


def load_lines(connection: duckdb.DuckDBPyConnection, stream: BinaryIO, feed: Feed | None) -> Content:
    """Create the table `lines` (columns of `stores.line_commitments`) from a stream, hashing it on the way."""
    watched = _WatchedStream(stream)
    encoding = decide_encoding(watched.peek(), feed)
    committed = CommittedLines(physical_lines(watched, unit=encoding.unit))  # type: ignore[arg-type]
    connection.register("line_batches", pa.RecordBatchReader.from_batches(COMMITTED_SCHEMA, committed))
    connection.execute("create table lines as select * from line_batches")
    connection.unregister("line_batches")
    count = connection.execute("select count(*) from lines").fetchone()
    lines = count[0] if count else 0
    digest = watched.digest.hexdigest()
    return Content(digest, watched.size, watched.head, lines, watched.damaged, encoding, committed.root)


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
