"""The encrypted scratch database in which one delivery is worked on, and its physical lines as a table.

It lies in the private scratch folder, under a key that exists in this process only, and goes when the delivery
is done. What is made of the lines belongs to the readers and to `opt_ins` and `withdrawals`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa

from partners_ingest.unpacking import DAMAGED
from stores.engine import connect, quoted
from stores.lines import SCHEMA, physical_lines
from stores.vault import Vault

#: Bytes kept from the start of a file to know what it is.
_HEAD_BYTES = 4096

UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Content:
    """What the pass over the unpacked bytes showed; `is_damaged` if the container ended early."""

    sha256: str
    size: int
    head: bytes
    lines: int
    is_damaged: bool


@contextmanager
def open_workbench(folder: Path, vault: Vault) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection whose tables lie encrypted in `folder`, unlocked for the vault; removed at the end."""
    file = folder / f"{secrets.token_hex(8)}.duckdb"
    connection = connect(spill_to=folder)
    try:
        vault.unlock(connection)
        connection.execute(f"attach '{quoted(file)}' as workbench (encryption_key '{secrets.token_hex(32)}')")
        connection.execute("use workbench")
        yield connection
    finally:
        connection.close()
        for left in folder.glob(f"{file.name}*"):
            left.unlink()


def load_lines(connection: duckdb.DuckDBPyConnection, stream: BinaryIO) -> Content:
    """Create the table `lines` (columns of `stores.lines`) from a stream, hashing it on the way."""
    watched = _WatchedStream(stream)
    batches = pa.RecordBatchReader.from_batches(SCHEMA, physical_lines(watched))  # type: ignore[arg-type]
    connection.register("line_batches", batches)
    connection.execute("create table lines as select * from line_batches")
    connection.unregister("line_batches")
    count = connection.execute("select count(*) from lines").fetchone()
    return Content(watched.digest.hexdigest(), watched.size, watched.head, count[0] if count else 0, watched.damaged)


class _WatchedStream:
    """Passes bytes on, and notes hash, size, head and whether the container broke."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = sha256()
        self.size = 0
        self.head = b""
        self.damaged = False

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes; a damaged container reads as its end, and `damaged` says so."""
        try:
            block = self._stream.read(size)
        except DAMAGED:
            self.damaged = True
            return b""
        self.digest.update(block)
        self.size += len(block)
        if len(self.head) < _HEAD_BYTES:
            self.head = (self.head + block)[:_HEAD_BYTES]
        return block
