"""Every message to a contact, and its opt-outs, read from the ledger.

The meaning of states, and how they change, belongs to `sends.ledger.states`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, select

from lineage.lookups.provenance import ConsentEvent, Send
from sends.ledger.states import HANDED_OVER
from stores.operations import message_tables, person_tables, plan_tables
from stores.operations.database import VALUES_AT_ONCE
from terms.batches import batched
from terms.clock import from_micros

#: Contacts in one statement: SQLite allows 32,766 bound parameters, and a plan's index is asked per contact anyway.

#: Put together once: for few contacts, that takes longer than the answer.
_ASKED: BindParameter[str] = bindparam("contacts", expanding=True)
_SENDS = (
    select(
        message_tables.messages.c.contact_id,
        message_tables.messages.c.send_id,
        plan_tables.plans.c.campaign_id,
        plan_tables.plans.c.kind,
        plan_tables.plans.c.sponsor_id,
        plan_tables.plans.c.election,
        plan_tables.plans.c.round,
        plan_tables.plans.c.plan_id,
        message_tables.messages.c.planned_base_version,
        message_tables.messages.c.judged_base_version,
        message_tables.messages.c.handed_over_at,
        message_tables.messages.c.state,
        message_tables.messages.c.state_at,
        plan_tables.plans.c.gateway,
        message_tables.messages.c.gateway_message_id,
        message_tables.messages.c.message_sha256,
        message_tables.message_texts.c.gives_origin,
    )
    .join(plan_tables.plans, message_tables.messages.c.plan_id == plan_tables.plans.c.plan_id)
    .outerjoin(
        message_tables.message_texts,
        message_tables.message_texts.c.message_sha256 == message_tables.messages.c.message_sha256,
    )
    .where(message_tables.messages.c.contact_id.in_(_ASKED))
    .order_by(plan_tables.plans.c.planned_at, message_tables.messages.c.send_id)
)
_OPT_OUTS = (
    select(person_tables.opt_outs)
    .where(person_tables.opt_outs.c.contact_id.in_(_ASKED))
    .order_by(person_tables.opt_outs.c.effective_at, person_tables.opt_outs.c.sequence)
)


def sends_of(ledger: Connection, contact_ids: Sequence[str]) -> dict[str, list[Send]]:
    """Return the messages of each contact in the order of their plans' making."""
    found: dict[str, list[Send]] = defaultdict(list)
    for batch in batched(contact_ids, VALUES_AT_ONCE):
        for row in ledger.execute(_SENDS, {"contacts": batch}):
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


def opt_outs_of(ledger: Connection, contact_ids: Sequence[str]) -> dict[str, list[ConsentEvent]]:
    """Return the opt-outs of each contact (STOP, objection, erasure) as events that take its consent back."""
    found: dict[str, list[ConsentEvent]] = defaultdict(list)
    for batch in batched(contact_ids, VALUES_AT_ONCE):
        for row in ledger.execute(_OPT_OUTS, {"contacts": batch}):
            at, known_at = from_micros(row.effective_at), from_micros(row.known_at)
            event = ConsentEvent(at, known_at, "ConsentWithdrawn", row.kind, f"opt-out ledger {row.opt_out_id}")
            found[row.contact_id].append(event)
    return found
