"""Sealed files that are written again on purpose (a rotated key, an erased person): announced first, sealed again after.

The list survives a crash, so that whoever goes on knows which files changed by our own hand, and seals these and no
others. Writing them is the business of the stores, sealing them of `sealing.seals.files`.
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
    """Commit that these files are going to be written again; saying it twice is saying it once."""
    paths = sorted({file.relative_to(home.root).as_posix() for file in files})
    rows = [{"path": path, "announced_at": to_micros(now)} for path in paths]
    with database.transaction(engine) as work:
        database.insert_once(work, erasure_tables.file_rewrites, rows)


def announced(engine: Engine) -> list[str]:
    """Return the paths under the home of all files that were announced and not sealed again yet, sorted."""
    table = erasure_tables.file_rewrites
    with engine.connect() as connection:
        return list(connection.execute(select(table.c.path).order_by(table.c.path)).scalars())


def clear(engine: Engine, paths: Iterable[str]) -> None:
    """Forget what was announced: these files are sealed again."""
    table = erasure_tables.file_rewrites
    with database.transaction(engine) as work:
        for path in paths:
            work.execute(delete(table).where(table.c.path == path))
