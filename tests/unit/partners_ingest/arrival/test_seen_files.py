"""A file of the landing folder is read again exactly when it may have changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update

from partners_ingest.arrival import seen_files
from partners_ingest.arrival.landing import Arrival
from partners_ingest.arrival.seen_files import SeenFiles
from stores.migrations.migrate import migrate
from stores.operations import database, delivery_tables
from stores.operations.database import open_operations

#: A hash that no file of these tests has.
REMEMBERED = "ab" * 32


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A ledger, and a file that counts as settled at once."""
    monkeypatch.setattr(seen_files, "_SETTLED_NS", 0)
    engine = open_operations(f"sqlite:///{tmp_path / 'operations.sqlite'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def arrival(tmp_path: Path) -> Arrival:
    (tmp_path / "a.csv").write_bytes(b"first")
    return Arrival("partner", tmp_path / "a.csv", "a.csv", datetime(2026, 11, 1, tzinfo=UTC), is_logged=True)


def _night(engine: Engine, arrival: Arrival) -> str:
    seen = SeenFiles(engine)
    found = seen.sha256_of(arrival)
    seen.keep()
    return found


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()


def test_an_unchanged_file_is_not_read_again(engine: Engine, arrival: Arrival) -> None:
    assert _night(engine, arrival) == _hash(b"first")
    with database.transaction(engine) as work:
        work.execute(update(delivery_tables.seen_files).values(sha256=REMEMBERED))
    assert _night(engine, arrival) == REMEMBERED


def test_a_file_rewritten_to_look_the_same_is_read_again(engine: Engine, arrival: Arrival) -> None:
    """Same size, same inode, its time set back: the time of its status cannot be set."""
    _night(engine, arrival)
    before = arrival.path.stat()
    arrival.path.write_bytes(b"other")
    os.utime(arrival.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert _night(engine, arrival) == _hash(b"other")
    assert _night(engine, arrival) == _hash(b"other")


def test_another_file_under_the_name_is_read(engine: Engine, arrival: Arrival) -> None:
    _night(engine, arrival)
    arrival.path.with_name("new").write_bytes(b"third")
    arrival.path.with_name("new").replace(arrival.path)
    assert _night(engine, arrival) == _hash(b"third")


def test_a_file_that_changed_just_now_is_not_remembered(
    engine: Engine, arrival: Arrival, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen_files, "_SETTLED_NS", 3_600_000_000_000)
    assert _night(engine, arrival) == _hash(b"first")
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(delivery_tables.seen_files)).scalar_one() == 0
