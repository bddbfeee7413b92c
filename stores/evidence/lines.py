"""Physical lines of a byte stream as Arrow batches: number, offset, length, bytes and a fresh salt.

A physical line ends with a line feed, which is part of its bytes; the last one may lack it. What a record is, and which
encoding the bytes have, is decided by `partners_ingest.readers`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO

import numpy as np
import pyarrow as pa

#: Bytes read at a time; with it the memory of a pass is bounded, whatever the file's size.
BLOCK_BYTES = 8 * 1024 * 1024
SALT_BYTES = 16

SCHEMA = pa.schema(
    [
        ("line_number", pa.int64()),
        ("byte_offset", pa.int64()),
        ("byte_length", pa.int64()),
        ("raw", pa.large_binary()),
        ("salt", pa.binary(SALT_BYTES)),
    ]
)


class CodeUnit(Enum):
    """The unit of a text in which a line feed is looked for, as numpy names it."""

    BYTE = "u1"
    UTF16_LE = "<u2"
    UTF16_BE = ">u2"

    @property
    def bytes(self) -> int:
        """Bytes of one unit."""
        return np.dtype(self.value).itemsize


def physical_lines(
    stream: BinaryIO, block_bytes: int = BLOCK_BYTES, unit: CodeUnit = CodeUnit.BYTE
) -> Iterator[pa.RecordBatch]:
    """Yield the stream's lines in order, in batches of columns `SCHEMA`.

    A line longer than a block is kept whole. An empty stream yields nothing.

    Args:
        stream: the unpacked bytes.
        block_bytes: bytes of lines in one batch, about.
        unit: in which a line feed is searched; with a unit of two bytes a single last byte belongs to the last line.
    """
    number, offset, rest = 1, 0, b""
    while block := stream.read(block_bytes):
        data = rest + block
        ends = _line_ends(data, unit)
        end = int(ends[-1]) if len(ends) else 0
        rest = data[end:]
        if end:
            yield _batch(data, ends, number, offset)
            number += len(ends)
            offset += end
    if rest:
        yield _batch(rest, np.array([len(rest)], dtype=np.int64), number, offset)


def _line_ends(data: bytes, unit: CodeUnit) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the offsets behind each line feed; `data` begins at a unit."""
    units = np.frombuffer(data, dtype=unit.value, count=len(data) // unit.bytes)
    return (np.flatnonzero(units == 10).astype(np.int64) + 1) * unit.bytes


def _batch(
    data: bytes, ends: np.ndarray[tuple[int], np.dtype[np.int64]], first_number: int, first_offset: int
) -> pa.RecordBatch:
    """Return the lines up to the last of `ends`; bytes after it are no part of them."""
    bounds = np.concatenate([[0], ends]).astype(np.int64)
    count = len(bounds) - 1
    raw = pa.Array.from_buffers(
        pa.large_binary(), count, [None, pa.py_buffer(bounds), pa.py_buffer(data).slice(0, int(bounds[-1]))]
    )
    salts = pa.py_buffer(os.urandom(SALT_BYTES * count))
    salt = pa.Array.from_buffers(pa.binary(SALT_BYTES), count, [None, salts])
    numbers = pa.array(np.arange(first_number, first_number + count, dtype=np.int64))
    offsets = pa.array(bounds[:-1] + first_offset)
    return pa.RecordBatch.from_arrays([numbers, offsets, pa.array(np.diff(bounds)), raw, salt], schema=SCHEMA)
