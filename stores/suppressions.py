"""The marks of erased persons in the ledger: asking for some of them.

A mark is a hash of the number under a key of its own (`Keys.suppression`). Writing marks belongs to `lineage.erasure`,
recognising records at the door, where all marks are needed at once, to `partners_ingest`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from stores import operations

#: Values of one statement.
_CHUNK = 5_000


def marked(connection: Connection, marks: Sequence[str]) -> frozenset[str]:
    """Return those of these marks (hex) that stand: their persons were erased, or are being erased now."""
    table, found = operations.suppression_marks, set[str]()
    for start in range(0, len(marks), _CHUNK):
        query = select(table.c.mark).where(table.c.mark.in_(marks[start : start + _CHUNK]))
        found |= set(connection.execute(query).scalars())
    return frozenset(found)
