"""A plan with its order and all that the order refers to: what one send works with, read from the configuration once.

What changes while a send goes on (the plan's state, its window, the heartbeat) is read from the ledger each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from sends.ledger.plan_rows import PlanRow, find_plan
from sends.plans.approval import context_of
from sends.rules.context import Context
from stores.all_stores import Stores


@dataclass(frozen=True)
class PlanToSend:
    """A plan as it was when the send began, and its order in the configuration of that instant."""

    plan: PlanRow
    context: Context


def read_plan_to_send(stores: Stores, plan_id: str) -> PlanToSend:
    """Read a plan and what its order refers to.

    Raises:
        UsageError: there is no such plan, or its configuration cannot be read.
    """
    with stores.engine.connect() as work:
        plan = find_plan(work, plan_id)
    return PlanToSend(plan, context_of(stores, plan))
