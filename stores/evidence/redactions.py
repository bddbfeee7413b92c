"""The record of redactions: which physical lines of evidence were redacted, and the hash of the file since then.

It imports little, because every look-up of a line asks it. Changing the bytes belongs to
`partners_ingest.erased.redaction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Engine, func, select

from stores.operations import database, erasure_tables, journal
from terms.clock import to_micros


def redacted_lines(engine: Engine, delivery_id: str) -> frozenset[int]:
    """Return the physical lines of a delivery that were redacted."""
    table = erasure_tables.redacted_lines
    with engine.connect() as connection:
        query = select(table.c.line_number).where(table.c.delivery_id == delivery_id)
        return frozenset(connection.execute(query).scalars())


def is_redacted(engine: Engine, delivery_id: str) -> bool:
    """Return whether the evidence of a delivery differs from what was delivered, because lines were redacted."""
    return kept_sha256(engine, delivery_id) is not None


def kept_sha256(engine: Engine, delivery_id: str) -> str | None:
    """Return the sha256 (hex) of the redacted file that replaced the delivered bytes, or None if nothing was redacted."""
    table = erasure_tables.redactions
    query = select(table.c.sha256).where(table.c.delivery_id == delivery_id).order_by(table.c.number.desc()).limit(1)
    with engine.connect() as connection:
        found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def record_redaction(engine: Engine, delivery_id: str, lines: Sequence[int], kept: str, now: datetime) -> None:
    """Record redacted lines and the file's new hash, with a journal line.

    Args:
        engine: of the ledger.
        delivery_id: whose evidence.
        lines: 1-based numbers of the physical lines.
        kept: sha256 (hex) of the file from now on.
        now: the instant of the redaction.
    """
    table, listing = erasure_tables.redactions, "".join(f"{line}\n" for line in lines)
    with database.transaction(engine) as work:
        last = select(func.coalesce(func.max(table.c.number), 0)).where(table.c.delivery_id == delivery_id)
        told = {"number": work.execute(last).scalar_one() + 1, "lines": len(lines), "sha256": kept}
        rows = [{"delivery_id": delivery_id, "line_number": line} for line in lines]
        if rows:
            database.insert_once(work, erasure_tables.redacted_lines, rows)
        work.execute(table.insert().values(delivery_id=delivery_id, redacted_at=to_micros(now), **told))
        payload = {**told, "lines_sha256": sha256(listing.encode()).hexdigest()}
        journal.append(work, now, journal.Entry.REDACTION, delivery_id, payload)
