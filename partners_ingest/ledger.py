"""What the operations database knows of deliveries, as ingest reads and writes it.

The row in `deliveries` with its journal line, in one transaction, is the commit of a delivery. What an outcome
is, and when it is asked for again, is decided in `intake`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select, update

from stores import journal, operations
from terms.clock import to_micros
from terms.reasons import FileOutcome


@dataclass(frozen=True)
class DeliveryRow:
    """One row of `deliveries`; instants in microseconds of UTC, as there."""

    delivery_id: str
    partner_id: str
    feed_id: str | None
    kind: str | None
    mode: str | None
    file_name: str
    sha256: str
    bytes: int
    container: str | None
    encoding: str | None
    encoding_rule: str | None
    content_sha256: str | None
    content_fingerprint: str | None
    duplicate_of: str | None
    warnings_json: str
    outcome: str
    reason: str | None
    data_rows: int | None
    accepted_rows: int | None
    quarantined_rows: int | None
    reading: int
    judged_with: str
    line_count: int | None
    evidence_root: str | None
    exported_at: int | None
    arrived_at: int
    taken_in_at: int


@dataclass(frozen=True)
class KnownDelivery:
    """What an earlier run left of a delivery."""

    outcome: FileOutcome
    judged_with: str | None
    reading: int
    line_count: int | None
    evidence_root: str | None
    taken_in_at: int
    released_at: int | None


@dataclass(frozen=True)
class EarlierDelivery:
    """An accepted delivery of a feed before another one."""

    delivery_id: str
    reading: int
    data_rows: int
    accepted_rows: int


def find_known(engine: Engine, delivery_id: str) -> KnownDelivery | None:
    """Return what is known of a delivery, with the instant of a person's decision to release it, if any."""
    table, decisions = operations.deliveries, operations.delivery_decisions
    released = select(func.max(decisions.c.decided_at)).where(decisions.c.delivery_id == delivery_id)
    with engine.connect() as connection:
        row = connection.execute(select(table).where(table.c.delivery_id == delivery_id)).mappings().first()
        released_at: int | None = connection.execute(released).scalar_one()
    if row is None:
        return None
    return KnownDelivery(
        outcome=FileOutcome(row["outcome"]),
        judged_with=row["judged_with"],
        reading=row["reading"],
        line_count=row["line_count"],
        evidence_root=row["evidence_root"],
        taken_in_at=row["taken_in_at"],
        released_at=released_at,
    )


def accepted_before(
    engine: Engine, partner_id: str, feed_id: str, delivery_id: str, limit: int
) -> tuple[EarlierDelivery, ...]:
    """Return the accepted deliveries of a feed, the newest export first, this one left out."""
    table = operations.deliveries
    query = (
        select(table.c.delivery_id, table.c.reading, table.c.data_rows, table.c.accepted_rows)
        .where(table.c.partner_id == partner_id, table.c.feed_id == feed_id)
        .where(table.c.outcome == FileOutcome.ACCEPTED.value, table.c.delivery_id != delivery_id)
        .order_by(table.c.exported_at.desc(), table.c.arrived_at.desc())
        .limit(limit)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return tuple(EarlierDelivery(row.delivery_id, row.reading, row.data_rows, row.accepted_rows) for row in rows)


def commit(engine: Engine, row: DeliveryRow, at: datetime) -> None:
    """Write the delivery's row and its journal line in one transaction; a row that exists is replaced."""
    values = asdict(row)
    told = {
        name: values[name]
        for name in (
            "partner_id feed_id sha256 container encoding encoding_rule content_sha256 content_fingerprint"
            " duplicate_of warnings_json outcome reason data_rows accepted_rows quarantined_rows reading line_count"
            " evidence_root arrived_at"
        ).split()
    }
    with operations.transaction(engine) as work:
        _put(work, row.delivery_id, values)
        journal.append(work, at, journal.Entry.DELIVERY, row.delivery_id, told)


def _put(work: Connection, delivery_id: str, values: dict[str, object]) -> None:
    table = operations.deliveries
    if operations.insert_once(work, table, [values]) == 0:
        work.execute(update(table).where(table.c.delivery_id == delivery_id).values(**values))


def micros(instant: datetime | None) -> int | None:
    """Return an aware instant as stored, or None."""
    return None if instant is None else to_micros(instant)
