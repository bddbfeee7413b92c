"""Room on the disk that the ledger keeps for itself: a file beside it, given up so that a STOP can be written on a full disk.

SQLite only: a PostgreSQL server has its own disk. What is done when no room is left even so belongs to the caller, who
acknowledges nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine

from stores.operations.database import DatabaseFull

#: Bytes of the reserve: some thousands of STOPs with their journal lines.
RESERVE_BYTES = 8 * 1024 * 1024

Written = TypeVar("Written")


def keep_reserve(engine: Engine) -> bool:
    """Make the reserve where it is missing and there is room for it; return whether it is there."""
    file = reserve_file(engine)
    if file is None or file.exists():
        return file is not None
    partial = file.with_name(f"{file.name}.partial")
    try:
        with partial.open("wb") as handle:
            os.posix_fallocate(handle.fileno(), 0, RESERVE_BYTES)
        os.replace(partial, file)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        return False
    return True


def give_up_reserve(engine: Engine) -> bool:
    """Free the room that was kept; return whether there was any."""
    file = reserve_file(engine)
    if file is None or not file.exists():
        return False
    file.unlink(missing_ok=True)
    return True


def write_in_reserve(engine: Engine, write: Callable[[], Written]) -> Written:
    """Write, and where the disk is full, give the reserve up and write once more.

    Args:
        engine: of the operations database.
        write: a whole transaction, which may be repeated.

    Raises:
        DatabaseFull: no room is left, also without the reserve.
    """
    try:
        return write()
    except DatabaseFull:
        if not give_up_reserve(engine):
            raise
    return write()


def reserve_file(engine: Engine) -> Path | None:
    """Return the path of the reserve; None = this ledger has none."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database:
        return None
    return Path(f"{database}.reserve")
