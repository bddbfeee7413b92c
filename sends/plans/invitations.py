"""Who was asked already: an invitation asks a number once, whoever pays, and a yes answers the one that was sent.

What a yes becomes is `agreements`' business; whether a contact may be asked at all, the base's.
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
    """Return which of these contacts an invitation of another plan reached or may have reached."""
    theirs = messages.c.contact_id.in_(contact_ids) & (messages.c.plan_id != plan_id)
    return frozenset(row.contact_id for row in work.execute(invited_contacts().where(theirs)))
