"""Which feeds this software can read: an explicit list of capabilities, and the reader of each format.

A feed that asks for anything not listed here is held as NO_READER and judged again when the list has grown.
How a format is read belongs to its reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from consent.dossiers.feeds import Feed
from partners_ingest.readers.delimited import DelimitedReader
from partners_ingest.readers.encodings import declared_encoding
from partners_ingest.readers.json_lines import JsonLinesReader
from partners_ingest.readers.json_paths import parse_path
from partners_ingest.readers.records import Reader
from partners_ingest.readers.table_rows import TableReader
from terms.errors import UsageError
from terms.limits import USUAL_LIMITS, ReadingLimits

#: Changes with anything that could read a held delivery differently: such deliveries are then judged again.
READER_VERSION = "6"

_TABLE = TableReader()
_READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "jsonl": JsonLinesReader(USUAL_LIMITS.nesting, USUAL_LIMITS.digits),
        "csv": DelimitedReader(),
        "xlsx": _TABLE,
        "parquet": _TABLE,
    }
)
_QUOTES = frozenset({None, '"'})
#: They end a line, quote a cell, or mark something for ourselves: no cell could be told from the next.
_NO_DELIMITERS = frozenset('"\r\n\0\x1e\x1f')


def reader_for(feed: Feed, limits: ReadingLimits = USUAL_LIMITS) -> Reader | None:
    """Return the reader of a feed, or None where it asks for something that no reader can do yet.

    Args:
        feed: of the file.
        limits: of what one record may be.
    """
    if missing_capability(feed):
        return None
    return JsonLinesReader(limits.nesting, limits.digits) if feed.format == "jsonl" else _READERS[feed.format]


def missing_capability(feed: Feed) -> str | None:
    """Return in words what a feed asks for and no reader can do yet, or None if it can be read."""
    if feed.format not in _READERS:
        return f"format {feed.format}"
    if declared_encoding(feed) is None:
        return f"encoding {feed.encoding}"
    if feed.is_table:
        return _missing_of_table(feed)
    return _missing_of_csv(feed) if feed.format == "csv" else _missing_of_json(feed)


def _missing_of_table(feed: Feed) -> str | None:
    if feed.compression not in ("none", "by_suffix"):
        return f"{feed.format} in another container"
    return None if feed.header or feed.headers else "a table without header whose columns are not named"


def _missing_of_json(feed: Feed) -> str | None:
    for path in (path for paths in feed.mapping.values() for path in paths):
        try:
            parse_path(path)
        except UsageError:
            return f"path {path}"
    return None


def _missing_of_csv(feed: Feed) -> str | None:
    if (
        feed.delimiter is None
        or len(feed.delimiter) != 1
        or feed.delimiter in _NO_DELIMITERS
        or feed.quote not in _QUOTES
    ):
        return "delimiter or quote"
    return None if feed.header or feed.headers else "a file without header whose columns are not named"
