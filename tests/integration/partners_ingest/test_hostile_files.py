"""Nearly two hundred files made to break the door, taken in at once beside honest ones: each has an outcome, none a victim.

The files are those of `tests.scenes.door.hostile_files`. That nothing is in clear is searched for in every file of the home,
with controls that show that the search would find it.
"""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from partners_ingest.intake.delivery_result import DeliveryReport
from partners_ingest.intake.processes.reading_processes import ReadingProcesses
from tests.commands import ROOT
from tests.scenes.door import hostile_files as hostile
from tests.scenes.door.delivery_stores import Door, open_stores
from tests.scenes.door.dossier_samples import NAMES_HEADER, PARTNER, json_row, names_row, write_dossier

#: Forms in which a number or person of the files could be somewhere.
_TEXTS = (hostile.MARK, "6 39 98 77 7", "6.39.98.77.7", hostile.NAME, "zoe@exemple")
NEEDLES = [text.encode(encoding) for text in _TEXTS for encoding in ("utf-8", "utf-16-le")]
HONEST = {"names_20260310.csv": 3, "lines_20260310T020000Z.jsonl": 2, "lines_20261101T020000Z.jsonl": 2}


@dataclass(frozen=True)
class Night:
    """One run over all files."""

    stores: Door
    files: int
    reports: list[DeliveryReport]
    told: list[str]
    seconds: float


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    root = tmp_path_factory.mktemp("hostile")
    write_dossier(root / "partners")
    shutil.copytree(ROOT / "docs" / "formats" / "recommended", root / "partners" / "recommended")
    stores = open_stores(root)
    stores.make_reading, stores.limits = ReadingProcesses, hostile.LIMITS
    files = hostile.write_landing(stores.landing)
    for path in stores.landing.rglob("*"):
        os.utime(path, (1_775_000_000, 1_775_000_000))
    honest = {
        "names_20260310.csv": NAMES_HEADER + "".join(map(names_row, (1, 2, 3))),
        "lines_20260310T020000Z.jsonl": json_row(4) + json_row(5),
        "lines_20261101T020000Z.jsonl": json_row(6) + json_row(7),
    }
    for at, (name, text) in zip((1_774_000_000, 1_774_000_001, 1_776_000_000), honest.items(), strict=True):
        stores.drop(name, text)
        os.utime(stores.landing / PARTNER / name, (at, at))
    told: list[str] = []
    stores.told = told.append
    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patched:
        (root / "temporary").mkdir()
        patched.setenv("TMPDIR", str(root / "temporary"))
        reports = stores.refresh()
    yield Night(stores, files, reports, told, time.monotonic() - began)
    stores.stores.engine.dispose()


def test_each_file_has_an_outcome_and_honest_ones_are_accepted(night: Night) -> None:
    assert night.files >= 150 and len(hostile.CLASSES) + 1 >= 30
    assert len(night.reports) == night.files + len(HONEST)
    accepted = {report.file_name: report.accepted_rows for report in night.reports if report.file_name in HONEST}
    assert accepted == HONEST


def test_whatever_was_read_is_accounted_for(night: Night) -> None:
    for report in night.reports:
        if report.outcome == "accepted":
            assert report.data_rows == (report.accepted_rows or 0) + (report.quarantined_rows or 0)
    reasons = Counter(report.reason for report in night.reports)
    assert reasons["TOO_LARGE"] >= 20
    assert reasons["TOO_SLOW"] == 0
    assert [report.detail for report in night.reports if report.reason == "READER_FAILED"] == []


def test_memory_and_time_and_disk_stay_within_bounds(night: Night) -> None:
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert kilobytes < hostile.LIMITS.memory_mib << 10
    kept = sum(path.stat().st_size for path in night.stores.stores.home.root.rglob("*") if path.is_file())
    assert kept < 200 << 20


def test_nothing_is_in_clear_in_the_home_the_temporary_folder_or_what_was_told(night: Night) -> None:
    root = night.stores.root
    assert _files_with(root / "home") == []
    assert _files_with(root / "temporary") == []
    assert not [line for line in night.told if any(needle in line.encode() for needle in NEEDLES)]


def test_the_search_finds_what_is_in_clear(night: Night, tmp_path: Path) -> None:
    assert len(_files_with(night.stores.landing)) > 50
    with duckdb.connect() as connection:
        text = f"+33{hostile.MARK}1"
        connection.execute(f"copy (select repeat('x', 999) || '{text}' as t from range(99)) to '{tmp_path}/t.parquet'")
    assert _files_with(tmp_path) == ["t.parquet"]


def _files_with(folder: Path) -> list[str]:
    """Return the files in whose name, bytes or texts a needle is."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and any(needle in content for content in _contents(path) for needle in NEEDLES)
    )


def _contents(path: Path) -> Iterator[bytes]:
    yield os.fsencode(path.name)
    yield path.read_bytes()
    if path.suffix == ".parquet" and "landing" not in path.parts:
        try:
            rows = duckdb.sql(f"select t::varchar from read_parquet('{path}') as t").fetchall()
        except duckdb.Error:  # encrypted: of the vault
            return
        yield repr(rows).encode()
