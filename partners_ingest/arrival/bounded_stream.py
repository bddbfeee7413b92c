"""Unpacked bytes that are counted while they are read: what would take too much ends there, before it is in memory.

How much is too much is a setting (`terms.limits`). Unpacking belongs to `unpacking`, memory and time to the process that
reads.
"""

from __future__ import annotations

from typing import BinaryIO

from partners_ingest.arrival.damage import LimitPassed
from terms.limits import RATIO_COUNTS_FROM, ReadingLimits

#: A record has a number of nine digits at least, so lines that are shorter on average hold no records. Of a file with
#: fewer lines than these nobody minds.
_SHORTEST_LINE, _FEW_LINES = 8, 1_000_000


class BoundedStream:
    """Passes the bytes of a stream on until they pass a limit."""

    def __init__(self, stream: BinaryIO, delivered_bytes: int, limits: ReadingLimits) -> None:
        """Prepare to count.

        Args:
            stream: the unpacked bytes.
            delivered_bytes: of the file that they come from.
            limits: of bytes, their ratio, lines and the length of a line.
        """
        self._stream, self._limits = stream, limits
        self._most = min(limits.unpacked_bytes, max(RATIO_COUNTS_FROM, limits.ratio * delivered_bytes))
        self._size = self._lines = self._open_line = 0

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes.

        Raises:
            LimitPassed: with them a limit is passed.
        """
        block = self._stream.read(size)
        self._size += len(block)
        self._lines += block.count(b"\n")
        end = block.rfind(b"\n")
        self._open_line = self._open_line + len(block) if end < 0 else len(block) - end - 1
        self._check()
        return block

    def _check(self) -> None:
        limits = self._limits
        if self._size > self._most:
            raise LimitPassed(f"it unpacks to more than {self._most >> 20} MiB")
        if self._open_line > limits.line_kib << 10:
            raise LimitPassed(f"a line is longer than {limits.line_kib} KiB")
        if self._lines > limits.lines:
            raise LimitPassed(f"it has more than {limits.lines} lines")
        if self._lines > _FEW_LINES and self._size < _SHORTEST_LINE * self._lines:
            raise LimitPassed(f"of its first {self._lines} lines most are empty")
