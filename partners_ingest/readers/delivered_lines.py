"""The physical lines of a delivery: read, hashed and committed to once, and put on the workbench a batch at a time.

No table of whole records grows with the file: the rows of a batch leave before the next one comes, and a thread of its own
reads the next lines meanwhile. What the whole file shows (its hash, its root, a container that broke) is therefore known after
the last batch. Which lines are a record belongs to the readers, what becomes of its rows to `partners_ingest.rows.row_batches`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, Protocol

import duckdb
import pyarrow as pa

from consent.dossiers.feeds import Feed
from partners_ingest.arrival.damage import DAMAGED
from partners_ingest.readers.encodings import TextEncoding, decide_encoding
from partners_ingest.readers.records import LinesEnd
from partners_ingest.readers.text_lines import transcode_lines
from stores.evidence.line_commitments import COMMITTED_SCHEMA, CommittedLines
from stores.evidence.lines import BLOCK_BYTES, CodeUnit, physical_lines

#: Bytes kept from the start of a file to know what it is.
_HEAD_BYTES = 4096
#: Bytes of lines that are on the workbench at a time; as many are in memory beside them, read meanwhile.
BATCH_BYTES = 64 * 1024 * 1024
#: Columns of lines that the readers need.
_POSITION_COLUMNS = ("line_number", "byte_offset", "byte_length", "raw")
#: Bytes that decide the encoding.
_PEEK_BYTES = 4


@dataclass(frozen=True)
class Content:
    """What the pass over the unpacked bytes showed; `is_damaged` if the container ended early.

    `encoding` is how the lines were split and will be decoded, `root` the Merkle root (hex) over their commitments.
    """

    sha256: str
    size: int
    lines: int
    is_damaged: bool
    encoding: TextEncoding
    root: str


class ReadsForward(Protocol):
    """Bytes that are read forward only."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""


class DeliveredLines:
    """The lines of a stream as the view `lines` of the workbench; `is_whole` says that the first batch is all.

    Columns: `line_number`, `byte_offset`, `byte_length`, `raw`; where the first batch is all, those of
    `stores.evidence.line_commitments`.
    """

    def __init__(
        self,
        bench: duckdb.DuckDBPyConnection,
        stream: ReadsForward,
        feed: Feed | None,
        keep: Callable[[pa.Table], None] | None = None,
    ) -> None:
        """Read the first batch and put it on the workbench.

        Args:
            bench: the workbench.
            stream: the unpacked bytes.
            feed: whose encoding says how lines are split.
            keep: gets every batch where there are several, in their order, from another thread.
        """
        self._bench, self._keep, self._stream = bench, keep, _WatchedStream(stream)
        self.encoding = decide_encoding(self._stream.peek(), feed)
        blocks = physical_lines(self._stream, _block_bytes(), self.encoding.unit)  # type: ignore[arg-type]
        self._committed = CommittedLines(blocks)
        self._batches = _batches(self._committed)
        first, end = next(self._batches, (COMMITTED_SCHEMA.empty_table(), LinesEnd.FILE))
        self.is_whole, self._lines = end is LinesEnd.FILE, first.num_rows
        bench.execute(f"create table held_lines ({_held_columns()})")
        if not self.is_whole:
            self._keep_lines(first)
            first = first.select(_POSITION_COLUMNS)
        self._register(first)

    @property
    def head(self) -> bytes:
        """The first bytes of the stream."""
        return self._stream.head

    def batches(self) -> Iterator[LinesEnd]:
        """Put the lines on the workbench batch by batch, and tell what comes after each; the first is there already.

        The next lines are read while these are worked on.
        """
        if self.is_whole:
            yield LinesEnd.FILE
            return
        with ThreadPoolExecutor(1) as ahead:
            end, coming = LinesEnd.BATCH, ahead.submit(self._read)
            while end is LinesEnd.BATCH:
                yield end
                end = self._register_next(coming)
                if end is LinesEnd.BATCH:
                    coming = ahead.submit(self._read)
        yield LinesEnd.FILE

    def content(self) -> Content:
        """Read what no reader asked for to its end, and return what all bytes showed."""
        if not self.is_whole:
            for batch, _ in self._batches:
                self._count(batch)
        stream = self._stream
        return Content(
            *(stream.digest.hexdigest(), stream.size, self._lines, stream.damaged),
            *(self.encoding, self._committed.root),
        )

    def _read(self) -> tuple[pa.Table, LinesEnd]:
        batch, end = next(self._batches)
        self._count(batch)
        return batch.select(_POSITION_COLUMNS), end

    def _count(self, batch: pa.Table) -> None:
        self._lines += batch.num_rows
        self._keep_lines(batch)

    def _keep_lines(self, batch: pa.Table) -> None:
        if self._keep is not None:
            self._keep(batch)

    def _register_next(self, coming: Future[tuple[pa.Table, LinesEnd]]) -> LinesEnd:
        batch, end = coming.result()
        held = self._bench.execute(
            f"select {', '.join(_POSITION_COLUMNS)} from held_lines order by line_number"
        ).to_arrow_table()
        self._bench.execute("truncate held_lines")
        self._register(pa.concat_tables([held.cast(batch.schema), batch]) if held.num_rows else batch)
        transcode_lines(self._bench, self.encoding)
        return end

    def _register(self, batch: pa.Table) -> None:
        self._bench.register("line_batch", batch)
        self._bench.execute("create or replace temp view lines as select * from line_batch")


def _held_columns() -> str:
    return "line_number bigint, byte_offset bigint, byte_length bigint, raw blob"


def read_lines(stream: BinaryIO, unit: CodeUnit) -> Iterator[pa.Table]:
    """Yield the lines of a stream that was read before, batch by batch (columns of `stores.evidence.lines`)."""
    return (batch for batch, _ in _batches(physical_lines(stream, _block_bytes(), unit)))


def _block_bytes() -> int:
    return min(BLOCK_BYTES, BATCH_BYTES)


def hold_lines(connection: duckdb.DuckDBPyConnection, first: int) -> None:
    """Take the lines from `first` on out of `lines` and keep them for the next batch: a record that they begin is not over."""
    columns = ", ".join(_POSITION_COLUMNS)
    connection.execute(f"insert into held_lines select {columns} from lines where line_number >= {first}")
    # with `+ 0` the condition is DuckDB's: Arrow would copy all lines that it lets through
    connection.execute(
        f"create or replace temp view lines as select {columns} from line_batch where line_number + 0 < {first}"
    )


def drop_lines(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the lines of a batch go once all that they say is elsewhere."""
    connection.execute("drop view lines")
    connection.unregister("line_batch")


def _batches(blocks: Iterable[pa.RecordBatch]) -> Iterator[tuple[pa.Table, LinesEnd]]:
    """Put blocks of lines together up to `BATCH_BYTES` of text, and tell what comes after each batch."""
    waiting: list[pa.RecordBatch] = []
    size = 0
    for block in blocks:
        length = block.column("raw").nbytes
        if waiting and size + length > BATCH_BYTES:
            yield pa.Table.from_batches(waiting), LinesEnd.BATCH
            waiting, size = [], 0
        waiting.append(block)
        size += length
    if waiting:
        yield pa.Table.from_batches(waiting), LinesEnd.FILE


class _WatchedStream:
    """Passes bytes on, and notes hash, size, head and whether the container broke."""

    def __init__(self, stream: ReadsForward) -> None:
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
