"""Replies in the ledger: what a reply can mean, and how many people of a plan replied so.

Reading the meaning of a text belongs to `sends.inbound.replies`, writing a reply to `sends.inbound.listener`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, func, select

from sends.ledger.plan_rows import PlanRow
from stores.operations.message_tables import messages, replies
from terms.clock import to_micros


class Meaning(StrEnum):
    """What a reply means."""

    STOP = "stop"
    YES = "yes"
    OTHER = "other"


def count_stops(work: Connection, plan: PlanRow, since: datetime) -> int:
    """Return how many people of a plan said stop by reply to its gateway since an instant.

    Args:
        work: any connection to the operations database.
        plan: the plan; replies to another gateway do not count.
        since: first instant of our knowledge that counts.
    """
    query = (
        select(func.count(func.distinct(replies.c.contact_id)))
        .join(messages, messages.c.contact_id == replies.c.contact_id)
        .where(
            messages.c.plan_id == plan.plan_id,
            replies.c.gateway == plan.gateway,
            replies.c.meaning == Meaning.STOP.value,
            replies.c.known_at >= to_micros(since),
        )
    )
    return int(work.execute(query).scalar_one())
