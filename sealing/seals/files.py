"""Sealing the files of the stores: their hashes go into the log, so that no byte changes unnoticed.

The folders whose files are sealed are listed here. Whoever rewrites a sealed file on purpose (a rotated key, an erased
person) seals it again by `reseal_files`. Comparing files with their seals belongs to `sealing.checks.file_check`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from stores.home import Home
from stores.operations import database, journal, log_tables

#: Hashing leaves Python's lock, so that threads use the cores; more of them only make a disk seek.
_THREADS = 4
_PARTIAL = ".partial"


@dataclass(frozen=True)
class SealedFile:
    """A file as it was: path under the home, size and sha256 (hex)."""

    path: str
    bytes: int
    sha256: str


def seal_files(engine: Engine, home: Home, now: datetime) -> int:
    """Seal every file that has no seal yet, with one journal line for all of them.

    Args:
        engine: of the ledger.
        home: whose files.
        now: the instant of sealing.

    Returns:
        The number of files sealed.
    """
    known = set(current_seals(engine))
    return _seal(engine, home, [path for path in store_files(home) if path not in known], now)


def reseal_files(engine: Engine, home: Home, paths: Iterable[str], now: datetime) -> int:
    """Seal files again that were rewritten on purpose.

    Args:
        engine: of the ledger.
        home: whose files.
        paths: of the files, relative to the home.
        now: the instant of sealing.

    Returns:
        The number of files sealed; a file that no longer exists is left out.
    """
    return _seal(engine, home, sorted(paths), now)


def current_seals(engine: Engine) -> dict[str, SealedFile]:
    """Return the newest seal of each file, by path."""
    table = log_tables.sealed_files
    with engine.connect() as connection:
        rows = connection.execute(select(table).order_by(table.c.batch)).all()
    return {row.path: SealedFile(row.path, row.bytes, row.sha256) for row in rows}


def listing_sha256(files: Iterable[SealedFile]) -> str:
    """Return the hash that a journal line keeps of a batch: of its files in the form of `sha256sum`, sorted by path."""
    ordered = sorted(files, key=lambda file: file.path)
    return hashlib.sha256("".join(f"{file.sha256}  {file.path}\n" for file in ordered).encode()).hexdigest()


def store_files(home: Home) -> Iterator[str]:
    """Yield the paths under the home of all files that are to be sealed, sorted."""
    found = [
        file.relative_to(home.root).as_posix()
        for folder in (home.evidence, home.vault, home.lake, home.snapshots, home.log / "messages")
        for file in folder.rglob("*")
        if file.is_file() and not file.name.endswith(_PARTIAL)
    ]
    yield from sorted(found)


def hash_files(home: Home, paths: Sequence[str]) -> Iterator[SealedFile | None]:
    """Yield each file as it is now, in order; None where it is gone."""
    with ThreadPoolExecutor(_THREADS) as threads:
        yield from threads.map(lambda path: _hashed(home, path), paths)


def _hashed(home: Home, path: str) -> SealedFile | None:
    try:
        with (home.root / path).open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
            return SealedFile(path, handle.tell(), digest)
    except FileNotFoundError:
        return None


def _seal(engine: Engine, home: Home, paths: Sequence[str], now: datetime) -> int:
    files = [file for file in hash_files(home, paths) if file is not None]
    if not files:
        return 0
    told = {
        "files": len(files),
        "bytes": sum(file.bytes for file in files),
        "listing_sha256": listing_sha256(files),
    }
    with database.transaction(engine) as work:
        batch = _next_batch(work)
        rows = [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256, "batch": batch} for file in files]
        database.insert_once(work, log_tables.sealed_files, rows)
        journal.append(work, now, journal.Entry.FILES, str(batch), told)
    return len(files)


def _next_batch(work: Connection) -> int:
    newest = select(func.coalesce(func.max(log_tables.sealed_files.c.batch), 0))
    return int(work.execute(newest).scalar_one()) + 1
