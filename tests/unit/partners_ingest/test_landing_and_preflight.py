"""Which files have arrived in which order, and the tests of a whole file that need no database."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent.dossiers.dossiers import Dossier, read_dossier
from consent.dossiers.feeds import Feed
from partners_ingest.arrival.landing import scan_landing
from partners_ingest.arrival.unpacking import Container
from partners_ingest.intake.preflight import check_content, check_header, name_file
from partners_ingest.readers.labels import plain_label
from partners_ingest.readers.records import Header
from partners_ingest.readers.registry import missing_capability, reader_for
from terms.errors import UsageError
from terms.reasons import FileReason
from tests.scenes.door.dossier_samples import PARTNER, write_dossier


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    return read_dossier(write_dossier(tmp_path))


def _drop(root: Path, name: str, at: int) -> Path:
    path = root / PARTNER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (at, at))
    return path


def test_arrivals_come_by_instant_then_by_name(tmp_path: Path) -> None:
    for name, at in (("b.csv", 200), ("a.csv", 200), ("c.csv", 100)):
        _drop(tmp_path, name, at)
    assert [arrival.file_name for arrival in scan_landing(tmp_path)] == ["c.csv", "a.csv", "b.csv"]


def test_the_drop_servers_log_says_instant_and_order(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "deep/c.csv"):
        _drop(tmp_path, name, 5_000_000_000)
    (tmp_path / "arrivals.csv").write_text(
        "partner,file,arrived_at_utc,bytes\n"
        f"{PARTNER},b.csv,2026-01-01T00:00:00Z,1\n{PARTNER},a.csv,2026-01-01T00:00:00Z,1\n"
        f"{PARTNER},deep/c.csv,2025-01-01T00:00:00Z,1\n"
    )
    found = scan_landing(tmp_path)
    assert [arrival.file_name for arrival in found] == ["deep/c.csv", "b.csv", "a.csv"]
    assert found[1].arrived_at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["a.csv.partial", "a.csv.filepart", ".a.csv", "a.csv.TMP"])
def test_an_unfinished_file_is_left_alone(tmp_path: Path, name: str) -> None:
    _drop(tmp_path, name, 1)
    assert scan_landing(tmp_path) == []


def test_a_log_that_cannot_be_read_says_its_line(tmp_path: Path) -> None:
    (tmp_path / "arrivals.csv").write_text("partner,file,arrived_at_utc,bytes\nx,y,yesterday,1\n")
    with pytest.raises(UsageError, match="arrivals.csv, line 2"):
        scan_landing(tmp_path)


def test_a_missing_landing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        scan_landing(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "feed_id", "exported_at"),
    [
        ("names_20260301.csv", "lys-names", datetime(2026, 3, 1, 22, 59, 59, tzinfo=UTC)),
        ("names_20260301.csv.gz", "lys-names", datetime(2026, 3, 1, 22, 59, 59, tzinfo=UTC)),
        ("lines_20260301T020000Z.jsonl.gz", "lys-lines", datetime(2026, 3, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_name_says_feed_and_export_instant(dossier: Dossier, name: str, feed_id: str, exported_at: datetime) -> None:
    named = name_file(dossier, name)
    assert named is not None
    assert (named.feed.feed_id, named.exported_at) == (feed_id, exported_at)


@pytest.mark.parametrize("name", ["other.csv", "names_20261301.csv", "NAMES_20260301.csv", "names_.csv"])
def test_a_name_without_feed_or_date_fits_nothing(dossier: Dossier, name: str) -> None:
    assert name_file(dossier, name) is None


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"\xef\xbb\xbf  <!DOCTYPE html>", FileReason.HTML_NOT_DATA),
        (b"<HTML><body>", FileReason.HTML_NOT_DATA),
        (b"PK\x03\x04", FileReason.FORMAT_MISMATCH),
        (b"id,name,city\n", None),
    ],
)
def test_the_first_bytes_give_a_file_away(dossier: Dossier, head: bytes, reason: FileReason | None) -> None:
    assert check_content(head, dossier.feeds[0], Container.NONE) is reason


def _header(*labels: str) -> Header:
    return Header(tuple(plain_label(label) for label in labels), labels, 1, ",".join(labels))


def test_labels_are_compared_as_a_multiset_in_any_order(dossier: Dossier) -> None:
    feed = dossier.feeds[0]
    others = {PARTNER: dossier}
    assert check_header(_header("CITY", "Id", "name"), b"", feed, dossier, others) is None
    assert check_header(_header("id", "name"), b"", feed, dossier, others) is FileReason.UNKNOWN_HEADER
    assert check_header(_header("id", "name", "city", "city"), b"", feed, dossier, others) is FileReason.UNKNOWN_HEADER


def test_the_header_of_another_partner_is_told_apart(dossier: Dossier) -> None:
    other = replace(dossier, partner_id="autre", feeds=(replace(dossier.feeds[0], headers=(("ref", "nom"),)),))
    found = check_header(_header("nom", "ref"), b"", dossier.feeds[0], dossier, {PARTNER: dossier, "autre": other})
    assert found is FileReason.WRONG_PARTNER


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"format": "xml"}, "format xml"),
        ({"format": "xlsx", "compression": "zip"}, "xlsx in another container"),
        (
            {"format": "xlsx", "compression": "none", "header": False, "headers": ()},
            "a table without header whose columns are not named",
        ),
        ({"format": "jsonl", "mapping": {"email": ("a[",)}}, "path a["),
        ({"encoding": "utf-7"}, "encoding utf-7"),
        ({"encoding": None}, "encoding None"),
        ({"header": False, "headers": ()}, "a file without header whose columns are not named"),
        ({"delimiter": None}, "delimiter or quote"),
        ({"quote": "'"}, "delimiter or quote"),
    ],
)
def test_what_no_reader_can_do_is_said_in_words(dossier: Dossier, change: dict[str, object], missing: str) -> None:
    feed: Feed = replace(dossier.feeds[0], **change)  # type: ignore[arg-type]
    assert missing_capability(feed) == missing
    assert reader_for(feed) is None
    assert reader_for(dossier.feeds[0]) is not None


def test_a_link_in_a_drop_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_text("of this machine")
    (tmp_path / "landing" / "a-partner").mkdir(parents=True)
    (tmp_path / "landing" / "a-partner" / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert scan_landing(tmp_path / "landing") == []
