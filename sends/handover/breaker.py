"""The circuit breaker: when so many messages fail, or so many people say stop or complain, that a person must look.

What it rests on is what happened since the run began: a person who resumes a plan has seen what came before. Pausing
the plan belongs to `control`; the limits are the gateway's (`circuit_breaker`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from sends.gateways.settings import BreakerLimits
from sends.inbound.replies import Meaning
from sends.ledger.messages import PlanRow
from stores.operations.message_tables import messages, replies
from stores.operations.person_tables import requests
from terms.clock import to_micros


@dataclass(frozen=True)
class Health:
    """What a run met: messages tried, those refused or without an answer, people who said stop, complaints."""

    tried: int
    errors: int
    stops: int
    complaints: int


def why_broken(health: Health, limits: BreakerLimits) -> str | None:
    """Return why sending must pause, in words, or None; shares count from `min_messages` on."""
    if health.complaints >= limits.max_complaints:
        return f"{health.complaints} complaints about the campaign"
    if health.tried < limits.min_messages:
        return None
    if health.errors > limits.max_error_share * health.tried:
        return f"{health.errors} of {health.tried} messages were refused or got no answer"
    if health.stops > limits.max_stop_share * health.tried:
        return f"{health.stops} people of {health.tried} messages said stop"
    return None


def count_stops(work: Connection, plan: PlanRow, since: datetime) -> int:
    """Return how many people of a plan said stop by reply since an instant."""
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


def count_complaints(work: Connection, plan: PlanRow, since: datetime) -> int:
    """Return how many complaints about a plan's campaign were entered since an instant."""
    theirs = (requests.c.kind == "complaint") & (requests.c.campaign_id == plan.campaign_id)
    query = select(func.count()).select_from(requests).where(theirs, requests.c.entered_at >= to_micros(since))
    return int(work.execute(query).scalar_one())
