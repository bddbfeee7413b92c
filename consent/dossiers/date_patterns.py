"""How partners write dates: the patterns that a dossier may name, and what each one means.

A pattern is a name (`iso8601`, `excel_serial`, `epoch_seconds`) or is composed of YYYY, YY, MMM, MM, DD, D, HH, MM, SS
and what is between them. Turning cells into instants belongs to `partners_ingest.rows.values`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Patterns that are names: ISO 8601 in any form, days of a spreadsheet, seconds or milliseconds since 1970.
NAMED_PATTERNS = ("iso8601", "excel_serial", "epoch_seconds", "epoch_milliseconds")
#: Token -> strptime directive; minutes are `MM` behind `HH`. A year of two digits has its century put before it.
_DIRECTIVES = {
    "YYYY": "%Y",
    "YY": "%Y",
    "MMM": "%b",
    "MM": "%m",
    "DD": "%d",
    "D": "%d",
    "HH": "%H",
    "minutes": "%M",
    "SS": "%S",
}
_TOKEN = re.compile(r"YYYY|YY|MMM|MM|DD|D|HH|SS|[ /.,:T-]+")


@dataclass(frozen=True)
class DatePattern:
    """A composed pattern: what a cell must look like (a regular expression of RE2) and how strptime reads it.

    Where `has_short_year`, `shape` has three groups: before the year, its two digits, behind it; `format` expects four.
    """

    shape: str
    format: str
    has_time: bool
    has_short_year: bool


def read_pattern(text: str) -> DatePattern | None:
    """Return a composed pattern, or None where it is none: one year, month and day, and at most one time."""
    parts = _TOKEN.findall(text)
    tokens = ["minutes" if part == "MM" and "HH" in parts[:place] else part for place, part in enumerate(parts)]
    if "".join(parts) != text or not _is_complete(tokens):
        return None
    digits = "{2}" if tokens[0] == "YYYY" or all(token in _DIRECTIVES for token in tokens) else "{1,2}"
    shape = "".join(_shape(token, digits) for token in tokens)
    return DatePattern(
        shape=f"({shape})" if "YY" in tokens else shape,
        format="".join(_DIRECTIVES.get(token, token) for token in tokens),
        has_time="HH" in tokens,
        has_short_year="YY" in tokens,
    )


def _is_complete(tokens: Sequence[str]) -> bool:
    def count(*kinds: str) -> int:
        return sum(token in kinds for token in tokens)

    time = (count("HH"), count("minutes"), count("SS"))
    return count("YYYY", "YY") == count("MM", "MMM") == count("DD", "D") == 1 and time in (
        (0, 0, 0),
        (1, 1, 0),
        (1, 1, 1),
    )


def _shape(token: str, digits: str) -> str:
    match token:
        case "YYYY":
            return "[0-9]{4}"
        case "YY":
            return ")([0-9]{2})("
        case "MMM":
            return "[A-Za-z]{3}"
        case "minutes" | "SS":
            return "[0-9]{2}"
        case "MM" | "DD" | "D" | "HH":
            return f"[0-9]{digits}"
        case _:
            return re.escape(token)
