"""The lock of the one sender of a ledger: it dies with its process.

What the sender does under it belongs to `sender`; the lock of the one writer of the base to `stores.home`.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from stores.all_stores import Stores
from terms.errors import WriterBusy

#: Name of the lock in PostgreSQL.
_LOCK = "hashtext('filiation sender')"


@contextmanager
def sender_lock(stores: Stores) -> Iterator[None]:
    """Hold the lock of the one sender of this ledger: of the home, and of the database where several homes may share it.

    Raises:
        WriterBusy: another sender is at work.
    """
    busy = WriterBusy("Another sender is at work on this ledger.", "Wait until it has ended, then run this again.")
    with (stores.home.root / "sender.lock").open("a") as handle, stores.engine.connect() as holder:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        with _database_lock(holder, busy):
            yield


@contextmanager
def _database_lock(holder: Connection, busy: WriterBusy) -> Iterator[None]:
    """Hold the database's own lock as long as the block runs; it belongs to the session, which outlives the block."""
    if holder.dialect.name != "postgresql":
        holder.rollback()  # SQLite: the file's lock is enough
        yield
        return
    if not holder.execute(text(f"select pg_try_advisory_lock({_LOCK})")).scalar():
        raise busy
    holder.commit()
    try:
        yield
    finally:
        holder.execute(text(f"select pg_advisory_unlock({_LOCK})"))
