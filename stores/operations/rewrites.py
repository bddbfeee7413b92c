"""Sealed files that are rewritten on purpose (a rotated key, an erased person): announced before, sealed again after.

The list survives a crash: the next run knows which files we changed ourselves, and seals exactly these again. Writing
them belongs to the stores, sealing them to `sealing.seals.files`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, delete, select

from stores.home import Home
from stores.operations import database, erasure_tables
from terms.clock import to_micros


def announce(engine: Engine, home: Home, files: Iterable[Path], now: datetime) -> None:
    """Commit that these files are going to be rewritten; safe to repeat.

    Args:
        engine: of the ledger.
        home: under which the files are.
        files: absolute paths.
        now: the instant of the announcement.
    """
    paths = sorted({file.relative_to(home.root).as_posix() for file in files})
    rows = [{"path": path, "announced_at": to_micros(now)} for path in paths]
    with database.transaction(engine) as work:
        database.insert_once(work, erasure_tables.file_rewrites, rows)


def announced(engine: Engine) -> list[str]:
    """Return the files that were announced and are not sealed again yet: sorted paths relative to the home."""
    table = erasure_tables.file_rewrites
    with engine.connect() as connection:
        return list(connection.execute(select(table.c.path).order_by(table.c.path)).scalars())


def clear(engine: Engine, paths: Iterable[str]) -> None:
    """Remove files from the list: they are sealed again."""
    table = erasure_tables.file_rewrites
    with database.transaction(engine) as work:
        for path in paths:
            work.execute(delete(table).where(table.c.path == path))
