"""The circuit breaker: when so many messages fail, or so many people say stop or complain, that a person must look.

What it rests on is what happened since the run began: a person who resumes a plan has seen what came before. Pausing
the plan belongs to `sends.plans.control`; the limits are the gateway's (`circuit_breaker`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from sends.gateways.settings import BreakerLimits
from sends.handover.plan_to_send import PlanToSend
from sends.ledger.plan_rows import PlanRow
from sends.ledger.replies import count_stops
from stores.all_stores import Stores
from stores.operations.person_tables import requests
from terms.clock import to_micros

#: It looks at what happened this often, in seconds.
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Health:
    """What a run met: messages tried, those refused or without an answer, people who said stop, complaints."""

    tried: int
    errors: int
    stops: int
    complaints: int


class Breaker:
    """Watches one run over one plan.

    Args:
        stores: the opened stores.
        ours: the plan.
    """

    def __init__(self, stores: Stores, ours: PlanToSend) -> None:
        self._stores, self._plan, self._limits = stores, ours.plan, ours.context.gateway.breaker
        self._since, self._looked_at = stores.clock.now(), time.monotonic()

    def why_broken(self, accepted: int, errors: int) -> str | None:
        """Return why the run must pause its plan, in words, or None; it looks again only after a while.

        Args:
            accepted: messages of this run that the gateway accepted.
            errors: those that it refused or did not answer.
        """
        if time.monotonic() - self._looked_at < _LOOK_SECONDS:
            return None
        self._looked_at = time.monotonic()
        with self._stores.engine.connect() as work:
            health = Health(
                tried=errors + accepted,
                errors=errors,
                stops=count_stops(work, self._plan, self._since),
                complaints=_count_complaints(work, self._plan, self._since),
            )
        return why_broken(health, self._limits)


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


def _count_complaints(work: Connection, plan: PlanRow, since: datetime) -> int:
    """Return how many complaints about a plan's campaign were entered since an instant."""
    theirs = (requests.c.kind == "complaint") & (requests.c.campaign_id == plan.campaign_id)
    query = select(func.count()).select_from(requests).where(theirs, requests.c.entered_at >= to_micros(since))
    return int(work.execute(query).scalar_one())
