"""The journal: an append-only line for everything that must never change unseen (the kinds are `Entry`).

A line is written in the same transaction as the fact that it tells. Sealing lines into the transparency log belongs to
`sealing.log`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, select

from stores.operations import log_tables
from stores.operations.entry_kinds import Entry
from terms.canonical_json import canonical_json
from terms.clock import to_micros

__all__ = ["Entry", "append", "last_subject"]


def append(connection: Connection, at: datetime, kind: Entry, subject: str, payload: Mapping[str, object]) -> None:
    """Write one line in the caller's transaction.

    Args:
        connection: of the transaction.
        at: the instant of the fact.
        kind: of the line.
        subject: id of the thing that the line is about.
        payload: ids, hashes and counts; never identity.
    """
    text = canonical_json(payload)
    connection.execute(
        log_tables.journal.insert(),
        {
            "at": to_micros(at),
            "kind": kind.value,
            "subject": subject,
            "payload_json": text,
            "payload_sha256": sha256(text.encode()).hexdigest(),
        },
    )


def last_subject(connection: Connection, kind: Entry) -> str | None:
    """Return what the newest line of a kind is about, or None before the first."""
    table = log_tables.journal
    query = select(table.c.subject).where(table.c.kind == kind.value).order_by(table.c.sequence.desc()).limit(1)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found
