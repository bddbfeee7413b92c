"""The state of a plan: how many of its messages are in which state; their sum is the plan, at every instant.

Curves and reasons of failure belong to `sends.reporting.outcomes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sends.ledger.messages import count_states
from sends.ledger.plan_rows import find_plan
from sends.ledger.states import HANDED_OVER, State
from stores.all_stores import Stores


@dataclass(frozen=True)
class CampaignStatus:
    """A plan's messages by state; `planned` = the sum of `states`."""

    plan_id: str
    campaign_id: str
    state: str
    is_paused: bool
    planned: int
    states: Mapping[State, int]

    def to_json(self) -> dict[str, object]:
        """Return the answer as the command prints it."""
        return {
            "plan_id": self.plan_id,
            "campaign_id": self.campaign_id,
            "state": self.state,
            "is_paused": self.is_paused,
            "planned": self.planned,
            "states": {state.value: number for state, number in self.states.items()},
        }


def campaign_status(stores: Stores, plan_id: str) -> CampaignStatus:
    """Return the state of a plan and of its messages.

    Raises:
        UsageError: there is no such plan.
    """
    with stores.engine.connect() as work:
        plan = find_plan(work, plan_id)
        states = count_states(work, plan_id)
    return CampaignStatus(plan_id, plan.campaign_id, plan.state, bool(plan.is_paused), plan.contacts, states)


def count_handed_over(states: Mapping[State, int]) -> int:
    """Return how many of these messages the gateway took, as is proved by its answer or a report."""
    return sum(number for state, number in states.items() if state in HANDED_OVER)
