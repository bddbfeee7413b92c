"""Which feeds this software can read: an explicit list of capabilities, and the reader of each format.

A feed that asks for anything not listed here is held as NO_READER and judged again when the list has grown.
How a format is read belongs to its reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from consent.dossiers import Feed
from partners_ingest.delimited import DelimitedReader
from partners_ingest.json_lines import JsonLinesReader
from partners_ingest.records import Reader

#: Changes with anything that could read a held delivery differently: such deliveries are then judged again.
READER_VERSION = "1"

_READERS: Mapping[str, Reader] = MappingProxyType({"jsonl": JsonLinesReader(), "csv": DelimitedReader()})
_ENCODINGS = frozenset({"utf-8", "utf-8-sig"})
_QUOTES = frozenset({None, '"'})
#: Patterns that the typing of dates knows (`values`).
_DATE_FORMATS = frozenset({"iso8601", "YYYY-MM-DD"})


def reader_for(feed: Feed) -> Reader | None:
    """Return the reader of a feed, or None where it asks for something that no reader can do yet."""
    return None if missing_capability(feed) else _READERS[feed.format]


def missing_capability(feed: Feed) -> str | None:
    """Return in words what a feed asks for and no reader can do yet, or None if it can be read."""
    if feed.format not in _READERS:
        return f"format {feed.format}"
    if (feed.encoding or "").lower() not in _ENCODINGS:
        return f"encoding {feed.encoding}"
    unknown_dates = sorted({form for forms in feed.date_formats.values() for form in forms} - _DATE_FORMATS)
    if unknown_dates:
        return f"date format {unknown_dates[0]}"
    return _missing_of_csv(feed) if feed.format == "csv" else None


def _missing_of_csv(feed: Feed) -> str | None:
    if feed.delimiter is None or len(feed.delimiter) != 1 or feed.quote not in _QUOTES:
        return "delimiter or quote"
    if not feed.header:
        return "a file without header"
    return "a header with an extra label" if feed.header_extra_label else None
