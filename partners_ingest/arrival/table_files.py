"""Spreadsheets and Parquet files as lines: each row one JSON array of texts, so that a row has a place and an offset.

What becomes of the lines is the business of every reader alike; which container a file is in belongs to `unpacking`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from typing import IO, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from partners_ingest.arrival.damage import TableDamaged
from partners_ingest.arrival.sheet_reader import UNREADABLE
from partners_ingest.arrival.table_cells import line_of
from terms.errors import FiliationError
from terms.settings import PROJECT_ROOT

#: A workbook that unpacks to more than this is a bomb, not an export (a full sheet of 1,048,576 rows takes less).
_LARGEST_WORKBOOK = 1 << 30
#: A sheet is read as the rectangle around its cells, 32 bytes each: one stray cell in its last corner would take 550 GB
#: and end the process. A full sheet of 30 columns stays below.
_MOST_CELLS = 1 << 25
_CELL = re.compile(rb"""<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*["']([A-Za-z]+)([0-9]+)""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*["']([0-9]+)""")
#: More letters or digits than this lie outside every sheet.
_MOST_LETTERS, _MOST_DIGITS = 3, 7
_SCAN_BYTES = 1 << 20
#: Longer than any tag of a cell or row: what a block ends with is seen again with the next.
_OVERLAP = 1 << 10
#: Rows of Parquet at a time: one cell may have as much text as a whole file.
_ROWS_AT_A_TIME = 200


@dataclass(frozen=True)
class Limits:
    """What reading one workbook may take: bytes of address space, seconds of processor."""

    memory_bytes: int
    cpu_seconds: int


#: A full sheet of 30 columns takes less; a workbook made to break its reader ends there, and only its reader with it.
SHEET_LIMITS = Limits(memory_bytes=4 << 30, cpu_seconds=600)


def sheet_lines(stream: BinaryIO, limits: Limits = SHEET_LIMITS) -> Iterator[bytes]:
    """Yield the rows of a workbook's first sheet: line `n` is sheet row `n`, blank rows above the first included.

    The library reads it in a process of its own (`sheet_reader`): what ends that process does not end ours.

    Raises:
        TableDamaged: it is no workbook, is protected, has no sheet, unpacks to more than 1 GiB, has cells so far
            apart that reading it takes more, or took more than the limits.
        FiliationError: the process did not start.
    """
    try:
        _check_size(stream)
    except (zipfile.BadZipFile, OSError):
        raise TableDamaged from None
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "partners_ingest.arrival.sheet_reader",
            str(limits.memory_bytes),
            str(limits.cpu_seconds),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a message of the library may quote a cell
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
    ) as reader:
        try:
            yield from _read_apart(reader, stream)
        finally:
            reader.kill()


def _read_apart(reader: subprocess.Popen[bytes], stream: BinaryIO) -> Iterator[bytes]:
    assert reader.stdin is not None and reader.stdout is not None  # both are pipes
    with suppress(BrokenPipeError), reader.stdin as workbook:  # it ended: its code says why
        shutil.copyfileobj(stream, workbook)
    yield from reader.stdout
    code = reader.wait()
    if code == UNREADABLE or code < 0:
        raise TableDamaged
    if code != 0:
        raise FiliationError("The reader of spreadsheets did not start.", "Run `make setup`.")


def _check_size(stream: BinaryIO) -> None:
    with zipfile.ZipFile(stream) as archive:
        if sum(item.file_size for item in archive.infolist()) > _LARGEST_WORKBOOK:
            raise TableDamaged
        for item in archive.infolist():
            if item.filename.startswith("xl/worksheets/") and item.filename.endswith(".xml"):
                with archive.open(item) as sheet:
                    _check_extent(sheet)
    stream.seek(0)


def _check_extent(sheet: IO[bytes]) -> None:
    """Raise where the rectangle around the cells of a sheet has too many cells to be read."""
    rows, columns, rest = 1, 1, b""
    while block := sheet.read(_SCAN_BYTES):
        text = rest + block
        places = [*_CELL.findall(text), *((b"A", row) for row in _ROW.findall(text))]
        rows = max([rows, *(_row_number(digits) for _, digits in places)])
        columns = max([columns, *(_column_number(letters) for letters in {letters for letters, _ in places})])
        rest = text[-_OVERLAP:]
    if rows * columns > _MOST_CELLS:
        raise TableDamaged


def _row_number(digits: bytes) -> int:
    return int(digits) if len(digits) <= _MOST_DIGITS else _MOST_CELLS + 1


def _column_number(letters: bytes) -> int:
    if len(letters) > _MOST_LETTERS:
        return _MOST_CELLS + 1
    return reduce(lambda number, letter: number * 26 + letter - ord("A") + 1, letters.upper(), 0)


def parquet_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the column names of a Parquet file as line 1, then one line per row.

    Raises:
        TableDamaged: it is no Parquet file, or it is cut.
    """
    try:
        file = pq.ParquetFile(stream)
        yield line_of(file.schema_arrow.names)
        for batch in file.iter_batches(batch_size=_ROWS_AT_A_TIME):
            columns = [_cells(column) for column in batch.columns]
            yield from (line_of(row) for row in zip(*columns, strict=True))
    except (pa.ArrowException, OSError):
        raise TableDamaged from None


def _cells(column: pa.Array) -> list[object]:
    """Return the cells of a column; an instant or day beyond the year 9999, which Python has not, as its number."""
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):
        whole = pa.int32() if pa.types.is_date32(column.type) else pa.int64()
        return list(column.view(whole).to_pylist())
