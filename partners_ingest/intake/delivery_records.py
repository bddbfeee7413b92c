"""Deliveries in the operations database, as ingest reads and writes them.

The row in `deliveries` with its journal line, in one transaction, is the commit of a delivery. What an outcome
is, and when it is asked for again, is decided by `take_in`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine, RowMapping, select, update

from stores.operations import database, delivery_tables, journal
from stores.operations.suppressions import note_returned
from terms.canonical_json import canonical_json
from terms.clock import to_micros
from terms.reasons import FileOutcome, FileReason, FileWarning


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


class DecisionKind(StrEnum):
    """What a person decided of a delivery (as stored in `delivery_decisions.kind`)."""

    RELEASE = "release"
    REFUSE = "refuse"
    REREAD = "reread"


@dataclass(frozen=True)
class KnownDelivery:
    """What an earlier run left of a delivery, and whether a person let it in (`is_newly_released`: since that run)."""

    delivery_id: str
    partner_id: str
    file_name: str
    sha256: str
    bytes: int
    content_sha256: str | None
    content_fingerprint: str | None
    arrived_at: int
    outcome: FileOutcome
    judged_with: str | None
    reading: int
    line_count: int | None
    evidence_root: str | None
    is_released: bool
    is_newly_released: bool


@dataclass(frozen=True)
class EarlierDelivery:
    """An accepted delivery of a feed before another one."""

    delivery_id: str
    reading: int
    data_rows: int
    accepted_rows: int


def find_known(engine: Engine, delivery_id: str) -> KnownDelivery | None:
    """Return what is known of a delivery."""
    table = delivery_tables.deliveries
    with engine.connect() as connection:
        row = connection.execute(select(table).where(table.c.delivery_id == delivery_id)).mappings().first()
        return _known(connection, row) if row is not None else None


def to_reread(engine: Engine) -> list[KnownDelivery]:
    """Return the accepted deliveries that a person wants read again and no run has yet, by arrival."""
    table, decisions = delivery_tables.deliveries, delivery_tables.delivery_decisions
    wanted = select(decisions.c.delivery_id).where(
        decisions.c.kind == DecisionKind.REREAD.value, decisions.c.applied_at.is_(None)
    )
    query = select(table).where(table.c.outcome == FileOutcome.ACCEPTED.value, table.c.delivery_id.in_(wanted))
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(table.c.arrived_at, table.c.delivery_id)).mappings().all()
        return [_known(connection, row) for row in rows]


def accepted_otherwise(engine: Engine, judged_with: Mapping[str, str]) -> list[KnownDelivery]:
    """Return the accepted deliveries of opt-ins that were judged with something else than now, by arrival.

    Args:
        engine: of the operations database.
        judged_with: partner -> what its deliveries are judged with now (`delivery_case.judging_key`); of others none is returned.
    """
    table = delivery_tables.deliveries
    query = select(table).where(
        table.c.outcome == FileOutcome.ACCEPTED.value,
        table.c.kind == "optins",
        table.c.partner_id.in_(sorted(judged_with)),
        table.c.judged_with.not_in(sorted(judged_with.values())),
    )
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(table.c.arrived_at, table.c.delivery_id)).mappings().all()
        return [_known(connection, row) for row in rows]


def _known(connection: Connection, row: RowMapping) -> KnownDelivery:
    decisions = delivery_tables.delivery_decisions
    released = select(decisions.c.applied_at).where(
        decisions.c.delivery_id == row["delivery_id"], decisions.c.kind == DecisionKind.RELEASE.value
    )
    applied: list[int | None] = list(connection.execute(released).scalars())
    stored = KnownDelivery.__dataclass_fields__.keys() - {"outcome", "is_released", "is_newly_released"}
    return KnownDelivery(
        outcome=FileOutcome(row["outcome"]),
        is_released=bool(applied),
        is_newly_released=None in applied,
        **{name: row[name] for name in stored},
    )


def accepted_before(
    engine: Engine, partner_id: str, feed_id: str, delivery_id: str, limit: int
) -> tuple[EarlierDelivery, ...]:
    """Return the accepted deliveries of a feed, the newest export first, this one left out.

    Args:
        engine: of the operations database.
        partner_id: whose feed.
        feed_id: of the feed.
        delivery_id: this one, which is left out.
        limit: how many at most.
    """
    table = delivery_tables.deliveries
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


def commit(engine: Engine, row: DeliveryRow, at: datetime, returned: Sequence[str] = ()) -> None:
    """Write the delivery's row and its journal line in one transaction; a row that exists is replaced.

    What a person had decided of it has then been acted on, and who came back with it (marks) is known.

    Args:
        engine: of the operations database.
        row: of the delivery.
        at: when it was taken in (aware).
        returned: marks of persons of whom an accepted row was let in.
    """
    values = asdict(row)
    told = {
        name: values[name]
        for name in (
            "partner_id feed_id sha256 container encoding encoding_rule content_sha256 content_fingerprint"
            " duplicate_of warnings_json outcome reason data_rows accepted_rows quarantined_rows reading line_count"
            " evidence_root arrived_at"
        ).split()
    }
    with database.transaction(engine) as work:
        _put(work, row.delivery_id, values)
        _apply_decisions(work, row.delivery_id, at)
        note_returned(work, returned, to_micros(at))
        journal.append(work, at, journal.Entry.DELIVERY, row.delivery_id, told)


def keep_reading(engine: Engine, delivery_id: str, reason: FileReason, judged_with: str, at: datetime) -> None:
    """Write that a delivery could not be read again and why; its reading stays the current one.

    It is not tried again before a person asks anew or the dossier changes again.

    Args:
        engine: of the operations database.
        delivery_id: of an accepted delivery.
        reason: why it could not be read again.
        judged_with: what that was tried with.
        at: when that was tried (aware).
    """
    table = delivery_tables.deliveries
    with database.transaction(engine) as work:
        told: str = work.execute(select(table.c.warnings_json).where(table.c.delivery_id == delivery_id)).scalar_one()
        warnings = sorted({*json.loads(told), FileWarning.REREAD_FAILED.value})
        values = {"warnings_json": canonical_json(warnings), "judged_with": judged_with}
        work.execute(update(table).where(table.c.delivery_id == delivery_id).values(**values))
        _apply_decisions(work, delivery_id, at)
        journal.append(work, at, journal.Entry.REREAD_FAILED, delivery_id, {"reason": reason.value})


def _apply_decisions(work: Connection, delivery_id: str, at: datetime) -> None:
    table = delivery_tables.delivery_decisions
    is_open = (table.c.delivery_id == delivery_id) & table.c.applied_at.is_(None)
    work.execute(update(table).where(is_open).values(applied_at=to_micros(at)))


def _put(work: Connection, delivery_id: str, values: dict[str, object]) -> None:
    table = delivery_tables.deliveries
    if database.insert_once(work, table, [values]) == 0:
        work.execute(update(table).where(table.c.delivery_id == delivery_id).values(**values))


def micros(instant: datetime | None) -> int | None:
    """Return an aware instant as stored, or None."""
    return None if instant is None else to_micros(instant)
