"""Suppression marks of erased and purged persons, in the ledger: reading, closing and opening some of them.

A mark is a hash of the number under a key of its own (`Keys.suppression`). A closed mark lets no record in; an open
mark, which a purge leaves, lets in what the person did from `acts_from` on. When a mark is closed or opened is decided
by `lineage.erasure` and `retention`. Recognising records of marked persons in a delivery belongs to
`partners_ingest.erased`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from stores.operations import database, erasure_tables
from terms.batches import batched

#: Marks in one statement: a refresh asks for those of all its numbers.
_AT_ONCE = 5_000
#: Put together once: each look-up asks it.
_CLOSED = select(erasure_tables.suppression_marks.c.mark).where(
    erasure_tables.suppression_marks.c.mark.in_(bindparam("marks", expanding=True)),
    erasure_tables.suppression_marks.c.acts_from.is_(None),
)


@dataclass(frozen=True)
class OpenMark:
    """A mark that lets in later acts; instants in microseconds of UTC.

    `is_back`: something of the person was let in already.
    """

    mark: str
    purged_at: int
    acts_from: int
    is_back: bool


def marked(connection: Connection, marks: Sequence[str]) -> frozenset[str]:
    """Return those of these marks (hex) that are closed: their persons were erased, or an erasure of them is running."""
    found = set[str]()
    for some in batched(marks, _AT_ONCE):
        found |= set(connection.execute(_CLOSED, {"marks": some}).scalars())
    return frozenset(found)


def open_marks(connection: Connection, marks: Sequence[str]) -> list[OpenMark]:
    """Return those of these marks (hex) that let in later acts."""
    table, found = erasure_tables.suppression_marks, list[OpenMark]()
    for some in batched(marks, _AT_ONCE):
        query = select(table).where(table.c.mark.in_(some), table.c.acts_from.is_not(None)).order_by(table.c.mark)
        found += [
            OpenMark(row.mark, row.marked_at, row.acts_from, row.returned_at is not None)
            for row in connection.execute(query)
        ]
    return found


def turns_away(work: Connection, mark: str) -> bool:
    """Return whether nothing may be written about the person, in the transaction that would write.

    If the person does something while a purge of theirs is running, it is not kept, and the mark that the purge leaves
    stays closed. Otherwise a STOP of this minute would be forgotten and the next agreement let in.
    """
    table, erasures = erasure_tables.suppression_marks, erasure_tables.erasures
    closed = (table.c.mark == mark) & table.c.acts_from.is_(None)
    if work.execute(select(table.c.mark).where(closed).with_for_update()).first() is None:
        return False
    running = (erasures.c.mark == mark) & erasures.c.finished_at.is_(None)
    work.execute(update(erasures).where(running).values(acts_from=None))
    return True


def close_mark(work: Connection, mark: str, at: int) -> bool:
    """Write a mark that lets nothing in, or close an open one.

    Args:
        work: the transaction.
        mark: hex.
        at: the instant, microseconds of UTC.

    Returns:
        Whether the person had no closed mark before.
    """
    table = erasure_tables.suppression_marks
    if database.insert_once(work, table, [{"mark": mark, "marked_at": at}]):
        return True
    opened = (table.c.mark == mark) & table.c.acts_from.is_not(None)
    closed: Mapping[str, int | None] = {"acts_from": None, "returned_at": None, "marked_at": at}
    return work.execute(update(table).where(opened).values(**closed)).rowcount == 1


def open_mark(work: Connection, mark: str, acts_from: int) -> None:
    """Let a mark admit what the person did from an instant on.

    Args:
        work: the transaction.
        mark: hex.
        acts_from: the instant, microseconds of UTC.
    """
    table = erasure_tables.suppression_marks
    work.execute(update(table).where(table.c.mark == mark).values(acts_from=acts_from))


def note_returned(work: Connection, marks: Sequence[str], at: int) -> None:
    """Record that something of these persons was let in, where that was not recorded yet.

    Args:
        work: the transaction.
        marks: hex.
        at: the instant, microseconds of UTC.
    """
    table = erasure_tables.suppression_marks
    for some in batched(marks, _AT_ONCE):
        new = table.c.mark.in_(some) & table.c.returned_at.is_(None)
        work.execute(update(table).where(new).values(returned_at=at))
