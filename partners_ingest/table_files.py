"""Spreadsheets and Parquet files as lines: each row one JSON array of texts, so that a row has a place and an offset.

What becomes of the lines is the business of every reader alike; which container a file is in belongs to `unpacking`.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from partners_ingest.unpacking import TableDamaged

#: A workbook that unpacks to more than this is a bomb, not an export (a full sheet of 1,048,576 rows takes less).
_LARGEST_WORKBOOK = 1 << 30
_ROWS_AT_A_TIME = 10_000


def sheet_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the rows of a workbook's first sheet: line `n` is sheet row `n`, blank rows above the first included.

    Raises:
        TableDamaged: it is no workbook, is protected, has no sheet, or unpacks to more than 1 GiB.
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


def _check_size(stream: BinaryIO) -> None:
    with zipfile.ZipFile(stream) as archive:
        if sum(item.file_size for item in archive.infolist()) > _LARGEST_WORKBOOK:
            raise TableDamaged
    stream.seek(0)


def parquet_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the column names of a Parquet file as line 1, then one line per row.

    Raises:
        TableDamaged: it is no Parquet file, or it is cut.
    """
    try:
        file = pq.ParquetFile(stream)
        yield line_of(file.schema_arrow.names)
        for batch in file.iter_batches(batch_size=_ROWS_AT_A_TIME):
            columns = [column.to_pylist() for column in batch.columns]
            yield from (line_of(row) for row in zip(*columns, strict=True))
    except (pa.ArrowException, OSError):
        raise TableDamaged from None


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
        return (cell + timedelta(microseconds=500_000)).replace(microsecond=0).isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, list | tuple):
        return json.dumps([cell_text(part) for part in cell], ensure_ascii=False)
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace").replace("\0", "")
    return str(cell).replace("\0", "")


def _number_text(number: float | Decimal) -> str:
    if not math.isfinite(number):
        return ""
    return str(int(number)) if number == int(number) else str(number)
