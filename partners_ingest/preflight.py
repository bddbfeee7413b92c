"""Tests of a whole file, before its rows count: what it is, whose it is, whether we know it already.

Each test is a function of what is known at its point of the way; their order is that of `terms.reasons.FileReason`
and is kept by `intake`. Tests of single rows belong to the readers and to `opt_ins`, volume to `quality`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Connection, select

from consent.dossiers import Dossier, ExportInstant, Feed, KnownBad
from partners_ingest.labels import plain_label
from partners_ingest.records import Header, Records
from partners_ingest.unpacking import ZIP_MAGIC
from partners_ingest.workbench import UTF8_BOM
from stores import operations
from terms.reasons import FileOutcome, FileReason

_END_OF_DAY = time(23, 59, 59)


@dataclass(frozen=True)
class NamedFile:
    """What a file's name says: its feed and the instant of its export (aware)."""

    feed: Feed
    exported_at: datetime


def name_file(dossier: Dossier, file_name: str) -> NamedFile | None:
    """Return feed and export instant of a file, or None where its name fits none (UNKNOWN_FILE).

    A file belongs to the first feed whose pattern fits. A name whose date cannot be read fits none: an export
    instant is never invented.
    """
    name = PurePosixPath(file_name).name
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


def check_content(head: bytes, feed: Feed) -> FileReason | None:
    """Return what the first unpacked bytes give away: HTML_NOT_DATA, FORMAT_MISMATCH or nothing."""
    start = head.removeprefix(UTF8_BOM).lstrip()[:16].lower()
    if start.startswith((b"<!doctype", b"<html")):
        return FileReason.HTML_NOT_DATA
    if head.startswith(ZIP_MAGIC) and feed.format != "xlsx":
        return FileReason.FORMAT_MISMATCH
    return None


def find_duplicate(work: Connection, partner_id: str, delivery_id: str, column: str, value: str | None) -> bool:
    """Return whether another accepted delivery of the partner has this `content_sha256` or `content_fingerprint`."""
    table = operations.deliveries
    query = select(table.c.delivery_id).where(
        table.c.partner_id == partner_id,
        table.c.delivery_id != delivery_id,
        table.c.outcome == FileOutcome.ACCEPTED.value,
        table.c[column] == value,
    )
    return value is not None and work.execute(query.limit(1)).first() is not None


def check_header(header: Header, feed: Feed, dossier: Dossier, dossiers: Mapping[str, Dossier]) -> FileReason | None:
    """Compare the labels with the feed's headers as multisets, in any order.

    Returns:
        None if they are one of them; WRONG_PARTNER if they are only another partner's; else UNKNOWN_HEADER.
    """
    if not feed.header or _is_one_of(header.labels, feed.headers):
        return None
    if any(_is_one_of(header.labels, own.headers) for own in dossier.feeds if own.header):
        return FileReason.UNKNOWN_HEADER
    others = (other for partner_id, other in dossiers.items() if partner_id != dossier.partner_id)
    foreign = any(_is_one_of(header.labels, feed.headers) for other in others for feed in other.feeds if feed.header)
    return FileReason.WRONG_PARTNER if foreign else FileReason.UNKNOWN_HEADER


def known_bad_export(header: Header, feed: Feed) -> KnownBad | None:
    """Return the spoilt export that the header is known to belong to, if any."""
    return next((bad for bad in feed.known_bad if _is_one_of(header.labels, [bad.labels])), None)


def is_spoilt(connection: duckdb.DuckDBPyConnection, records: Records, bad: KnownBad) -> bool:
    """Return whether every e-mail lacks `@` and equals the given name (PrestaShop 1.7.6.0, feeds.md 1.2)."""
    email = records.positions[plain_label(bad.email)]
    given_name = records.positions[plain_label(bad.given_name)]
    found = connection.execute(
        f"select count(*), count(*) filter (not contains(cells[{email}], '@') and cells[{email}] = cells[{given_name}])"
        " from records where problem is null"
    ).fetchone()
    return found is not None and found[0] > 0 and found[0] == found[1]


def _is_one_of(labels: Iterable[str], headers: Iterable[Iterable[str]]) -> bool:
    found = Counter(labels)
    return any(found == Counter(plain_label(label) for label in header) for header in headers)
