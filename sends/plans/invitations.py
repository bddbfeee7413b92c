"""Contacts that an invitation has reached or may have reached: it asks a number once, whoever pays.

What a yes becomes belongs to `sends.inbound.agreements`; whether a contact may be asked at all is judged by the base.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select, select

from sends.ledger.states import MAY_HAVE_LEFT
from sends.orders.order import Kind
from stores.operations.message_tables import messages
from stores.operations.plan_tables import plans


def invited_contacts() -> Select[tuple[str]]:
    """Return the question for contacts that an invitation reached or may have reached."""
    return (
        select(messages.c.contact_id)
        .join(plans, plans.c.plan_id == messages.c.plan_id)
        .where(plans.c.kind == Kind.INVITATION.value, messages.c.state.in_(MAY_HAVE_LEFT))
        .distinct()
    )


def invited_by_others(work: Connection, plan_id: str, contact_ids: Sequence[str]) -> frozenset[str]:
    """Return which of these contacts an invitation of another plan reached or may have reached.

    Args:
        work: an open connection to the operations database.
        plan_id: the plan that asks.
        contact_ids: the contacts in question.
    """
    theirs = messages.c.contact_id.in_(contact_ids) & (messages.c.plan_id != plan_id)
    return frozenset(row.contact_id for row in work.execute(invited_contacts().where(theirs)))
