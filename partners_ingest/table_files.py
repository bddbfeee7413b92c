"""Spreadsheets and Parquet files as lines: each row one JSON array of texts, so that a row has a place and an offset.

What becomes of the lines is the business of every reader alike; which container a file is in belongs to `unpacking`.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from typing import IO, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from partners_ingest.unpacking import TableDamaged

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
_ROWS_AT_A_TIME = 10_000
_HALF_SECOND = timedelta(microseconds=500_000)


def sheet_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the rows of a workbook's first sheet: line `n` is sheet row `n`, blank rows above the first included.

    Raises:
        TableDamaged: it is no workbook, is protected, has no sheet, unpacks to more than 1 GiB, or has cells so far
            apart that reading it takes more.
    """
    try:
        _check_size(stream)
        book = CalamineWorkbook.from_filelike(stream)
        sheet = book.get_sheet_by_index(0)
        top, left = sheet.start or (0, 0)
        yield from (line_of([]) for _ in range(top))
        for row in sheet.iter_rows():
            yield line_of([*[""] * left, *row])
    except (CalamineError, zipfile.BadZipFile, IndexError, OSError):
        raise TableDamaged from None
    except BaseException as error:
        # what the library's own code (Rust) did not foresee comes as an exception that is no Exception and has no name
        if type(error).__name__ == "PanicException":
            raise TableDamaged from None
        raise


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


def line_of(cells: Iterable[object]) -> bytes:
    """Return one row as a line: a JSON array of its texts."""
    texts = [cell_text(cell) for cell in cells]
    return (json.dumps(texts, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")


def cell_text(cell: object) -> str:
    """Return a cell as text: whole numbers without `.0`, dates and times as ISO to the nearest second,
    a list (Parquet) as a JSON array of texts, blank as ''.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | Decimal):
        return _number_text(cell)
    if isinstance(cell, datetime):
        return _whole_second(cell).isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, list | tuple):
        return json.dumps([cell_text(part) for part in cell], ensure_ascii=False)
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace").replace("\0", "")
    return str(cell).replace("\0", "")


def _whole_second(instant: datetime) -> datetime:
    """Return the nearest whole second; that of the last instant there is lies before it."""
    nearest = (
        instant if instant > datetime.max.replace(tzinfo=instant.tzinfo, microsecond=0) else instant + _HALF_SECOND
    )
    return nearest.replace(microsecond=0)


def _number_text(number: float | Decimal) -> str:
    if not math.isfinite(number):
        return ""
    return str(int(number)) if number == int(number) else str(number)
