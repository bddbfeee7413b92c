"""Tests of a whole file, before its rows count: what it is, whose it is, whether we know it already.

Each test is a function of what is known at its point of the way; their order is that of `terms.reasons.FileReason`
and is kept by `delivery_way`. Tests of single rows belong to the readers and to `partners_ingest.rows`, volume to `quality`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Connection, select

from consent.dossiers.dossiers import Dossier
from consent.dossiers.feeds import SECRET_COLUMNS, ExportInstant, Feed, KnownBad, is_secret
from partners_ingest.arrival.seal_marks import name_inside
from partners_ingest.arrival.unpacking import PARQUET_MAGIC, ZIP_MAGIC, Container
from partners_ingest.readers.delimited import split_header
from partners_ingest.readers.encodings import decide_encoding
from partners_ingest.readers.headers import difference, fit_header, fit_labels
from partners_ingest.readers.labels import plain_label
from partners_ingest.readers.records import Header
from partners_ingest.readers.registry import missing_capability
from partners_ingest.readers.text_lines import decode_line
from stores.operations import delivery_tables
from terms.reasons import FileOutcome, FileReason, FileWarning

_END_OF_DAY = time(23, 59, 59)
#: What a re-save by a spreadsheet makes of a delimiter.
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class NamedFile:
    """What a file's name says: its feed and the instant of its export (aware)."""

    feed: Feed
    exported_at: datetime


def name_file(dossier: Dossier, file_name: str) -> NamedFile | None:
    """Return feed and export instant of a file, or None where its name fits none (UNKNOWN_FILE).

    A file belongs to the first feed whose pattern fits; what sealing added to its name does not count. A name whose date cannot be read fits none: an export
    instant is never invented.
    """
    name = name_inside(PurePosixPath(file_name).name)
    feed = next((feed for feed in dossier.feeds if fnmatchcase(name, feed.pattern)), None)
    exported_at = _exported_at(name, feed.exported_at) if feed else None
    return NamedFile(feed, exported_at) if feed and exported_at else None


def _exported_at(name: str, instant: ExportInstant) -> datetime | None:
    if not instant.format.endswith(".gz"):
        name = name.removesuffix(".gz")
    try:
        local = datetime.strptime(name, instant.format)
    except ValueError:
        return None
    if not re.search(r"%[HIMSpXcf]", instant.format):
        local = datetime.combine(local.date(), _END_OF_DAY)
    # the first of two equal local times, as for every instant (partners README, section 2)
    return local.replace(tzinfo=ZoneInfo(instant.timezone), fold=0).astimezone(UTC)


def check_content(head: bytes, feed: Feed, container: Container) -> FileReason | None:
    """Return what the first unpacked bytes show: HTML_NOT_DATA, FORMAT_MISMATCH, or None.

    Args:
        head: the first unpacked bytes.
        feed: of the file.
        container: that the file came in.
    """
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:16].lower()
    if start.startswith((b"<!doctype", b"<html")):
        return FileReason.HTML_NOT_DATA
    if is_table_file(head) or (feed.is_table) != container.is_table:
        return FileReason.FORMAT_MISMATCH
    return None


def is_table_file(head: bytes) -> bool:
    """Return whether these bytes are a spreadsheet's, an archive's or a Parquet file's: they have no lines."""
    return head.startswith((ZIP_MAGIC, PARQUET_MAGIC))


def find_duplicate(work: Connection, partner_id: str, delivery_id: str, column: str, value: str | None) -> str | None:
    """Return the first accepted delivery of the partner, if any, that this one repeats.

    Args:
        work: on the operations database.
        partner_id: whose deliveries are compared.
        delivery_id: this one, which does not repeat itself.
        column: `content_sha256` (the same bytes) or `content_fingerprint` (the same records).
        value: this delivery's; None repeats nothing.
    """
    table = delivery_tables.deliveries
    query = select(table.c.delivery_id).where(
        table.c.partner_id == partner_id,
        table.c.delivery_id != delivery_id,
        table.c.outcome == FileOutcome.ACCEPTED.value,
        table.c[column] == value,
    )
    if value is None:
        return None
    first = work.execute(query.order_by(table.c.arrived_at, table.c.delivery_id).limit(1))
    return first.scalar_one_or_none()


def check_header(
    header: Header, first_line: bytes, feed: Feed, dossier: Dossier, dossiers: Mapping[str, Dossier]
) -> FileReason | None:
    """Compare the labels with the feed's headers as multisets, in any order.

    Args:
        header: as the feed's own dialect reads it.
        first_line: of the file, as delivered: another partner's dialect may be another.
        feed: of the file.
        dossier: of the partner who delivered it.
        dossiers: of all partners.

    Returns:
        None if they are one of them; WRONG_PARTNER if they are only another partner's; else UNKNOWN_HEADER.
    """
    if not feed.header or fit_header(header, feed):
        return None
    if any(fit_header(header, own) for own in dossier.feeds if own.header):
        return FileReason.UNKNOWN_HEADER
    others = (other for partner_id, other in dossiers.items() if partner_id != dossier.partner_id)
    theirs = (feed for other in others for feed in other.feeds if feed.header)
    foreign = any(fit_header(_header_in(first_line, feed) or header, feed) for feed in theirs)
    return FileReason.WRONG_PARTNER if foreign else FileReason.UNKNOWN_HEADER


def describe_unknown(header: Header, first_line: bytes, feed: Feed) -> str:
    """Return in words how a header differs from the feed's, and whether another delimiter would make it one of them.

    Args:
        header: as the feed's own dialect reads it.
        first_line: of the file, as delivered.
        feed: of the file, whose header it is not.

    Returns:
        words with labels of the dossier and positions in the file, never a label of the file.
    """
    told = difference(header, feed).sentence()
    others = [replace(feed, delimiter=delimiter) for delimiter in _DELIMITERS if delimiter != feed.delimiter]
    fitting = next((other for other in others if fit_header(_header_in(first_line, other) or header, other)), None)
    return f"{told}; with the delimiter {fitting.delimiter!r} it would be known" if fitting else told


def _header_in(first_line: bytes, feed: Feed) -> Header | None:
    """Return a first line as a header in the dialect of a feed, or None where that is not text with columns."""
    if feed.format != "csv" or missing_capability(feed):
        return None
    text, _ = decode_line(first_line, decide_encoding(first_line, feed))
    written = split_header(text.lstrip("\ufeff").rstrip("\r\n"), feed)
    return Header(tuple(plain_label(label) for label in written), tuple(written), 1, text) if written else None


def warnings_of(connection: duckdb.DuckDBPyConnection, header: Header, feed: Feed) -> tuple[FileWarning, ...]:
    """Return what a person should be told of a file with this header, whatever its outcome.

    A record of JSON names its own columns: the first thousand are looked at, an exporter writes the same in all.

    Args:
        connection: the workbench, with `text_lines`.
        header: of the file.
        feed: of the file.
    """
    has_secrets = any(is_secret(label) for label in header.labels)
    if feed.format == "jsonl":
        keys = "|".join(re.escape(column) for column in sorted(SECRET_COLUMNS))
        found = connection.execute(
            "select count(*) from text_lines where line_number <= 1000 and regexp_matches(text, $keys, 'i')",
            {"keys": rf'"(?:{keys})"\s*:'},
        ).fetchone()
        has_secrets = found is not None and found[0] > 0
    return (FileWarning.PASSWORD_COLUMN,) if has_secrets else ()


def known_bad_export(header: Header, feed: Feed) -> KnownBad | None:
    """Return the spoilt export that the header is known to belong to, if any."""
    return next((bad for bad in feed.known_bad if fit_labels(header.labels, bad.labels, ()) is not None), None)
