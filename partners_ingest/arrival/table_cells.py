"""Cells of a table as texts, and a row of them as one line.

Shared by the readers of Parquet (`table_files`) and of spreadsheets (`sheet_reader`, a process of its own, which must
start at once: nothing heavy is imported here).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

_HALF_SECOND = timedelta(microseconds=500_000)


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
