"""Every message to a contact, read from the ledger.

What a state means and how it changes is the business of `sends`; here it is only told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, select

from lineage.descent import ConsentEvent, Send
from sends.states import HANDED_OVER
from stores import operations
from terms.clock import from_micros

#: Contacts in one statement: SQLite allows 32,766 bound parameters, and a plan's index is asked per contact anyway.
_BATCH = 500


def sends_of(engine: Engine, contact_ids: Sequence[str]) -> dict[str, list[Send]]:
    """Return the messages of each contact in the order of their plans' making."""
    messages, plans = operations.messages, operations.plans
    query = (
        select(
            messages.c.contact_id,
            messages.c.send_id,
            plans.c.campaign_id,
            plans.c.kind,
            plans.c.sponsor_id,
            plans.c.election,
            plans.c.round,
            plans.c.plan_id,
            messages.c.planned_base_version,
            messages.c.judged_base_version,
            messages.c.handed_over_at,
            messages.c.state,
            messages.c.state_at,
            plans.c.gateway,
            messages.c.gateway_message_id,
            messages.c.message_sha256,
            operations.message_texts.c.gives_origin,
        )
        .join(plans, messages.c.plan_id == plans.c.plan_id)
        .outerjoin(operations.message_texts, operations.message_texts.c.message_sha256 == messages.c.message_sha256)
        .order_by(plans.c.planned_at, messages.c.send_id)
    )
    found: dict[str, list[Send]] = defaultdict(list)
    with engine.connect() as connection:
        for batch in _batches(contact_ids):
            for row in connection.execute(query.where(messages.c.contact_id.in_(batch))):
                found[row.contact_id].append(
                    Send(
                        send_id=row.send_id,
                        campaign_id=row.campaign_id,
                        kind=row.kind,
                        sponsor_id=row.sponsor_id,
                        election=row.election,
                        round=row.round,
                        plan_id=row.plan_id,
                        base_version=row.judged_base_version or row.planned_base_version,
                        handed_over_at=None if row.handed_over_at is None else from_micros(row.handed_over_at),
                        state=row.state,
                        state_at=from_micros(row.state_at),
                        gateway=row.gateway,
                        gateway_message_id=row.gateway_message_id,
                        message_sha256=row.message_sha256,
                        origin_given_at=_origin_given_at(row),
                    )
                )
    return found


def _origin_given_at(row: Row[Any]) -> datetime | None:
    """Return when a message told the person the origin: it said so, and it is proved that it left."""
    if not row.gives_origin or row.handed_over_at is None or row.state not in HANDED_OVER:
        return None
    return from_micros(row.handed_over_at)


def opt_outs_of(engine: Engine, contact_ids: Sequence[str]) -> dict[str, list[ConsentEvent]]:
    """Return the opt-outs of each contact (STOP, objection, erasure) as events that take its consent back."""
    table = operations.opt_outs
    query = select(table).order_by(table.c.effective_at, table.c.sequence)
    found: dict[str, list[ConsentEvent]] = defaultdict(list)
    with engine.connect() as connection:
        for batch in _batches(contact_ids):
            for row in connection.execute(query.where(table.c.contact_id.in_(batch))):
                at, known_at = from_micros(row.effective_at), from_micros(row.known_at)
                event = ConsentEvent(at, known_at, "ConsentWithdrawn", row.kind, f"opt-out ledger {row.opt_out_id}")
                found[row.contact_id].append(event)
    return found


def _batches(contact_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(contact_ids), _BATCH):
        yield contact_ids[start : start + _BATCH]
