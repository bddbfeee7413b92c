"""Plans in the ledger, as every room above reads them, and the one way to move a plan to another state.

Writing a new plan belongs to `sends.plans.planning`, the messages of a plan to the other modules of this room.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from stores.operations.plan_tables import plans
from terms.clock import from_micros
from terms.errors import Refused, UsageError


@dataclass(frozen=True)
class PlanRow:
    """One row of the table of plans; instants in microseconds of UTC."""

    plan_id: str
    campaign_id: str
    order_json: str
    order_sha256: str
    election: str
    round: int
    sponsor_id: str
    gateway: str
    base_version: str
    rule_set_sha256: str
    message_sha256: str
    state: str
    findings_json: str
    contacts: int
    window_from: int
    window_to: int
    planned_by: str
    planned_at: int
    is_paused: int

    @property
    def has_ended(self) -> bool:
        """Return whether a person ended the plan: nothing of it may leave any more."""
        return self.state in ("stopped", "released")

    @property
    def opens_at(self) -> datetime:
        """Return the first instant of the window."""
        return from_micros(self.window_from)

    @property
    def closes_at(self) -> datetime:
        """Return the end of the window."""
        return from_micros(self.window_to)


def find_plan(work: Connection, plan_id: str) -> PlanRow:
    """Return a plan.

    Raises:
        UsageError: there is none of this id.
    """
    columns = [plans.c[name] for name in PlanRow.__dataclass_fields__]
    row = work.execute(select(*columns).where(plans.c.plan_id == plan_id)).mappings().first()
    if row is None:
        raise UsageError(f"There is no plan {plan_id}.", "Use the plan_id that `filiation campaign plan` printed.")
    return PlanRow(**row)


def change_plan_state(work: Connection, plan_id: str, *, of: Sequence[str], to: str) -> None:
    """Move a plan to another state.

    Args:
        work: the caller's transaction.
        plan_id: the plan.
        of: the states that it may be in.
        to: the state that it gets.

    Raises:
        Refused: it is in none of the states that this is allowed in.
    """
    moved = work.execute(
        update(plans).where(plans.c.plan_id == plan_id, plans.c.state.in_(of)).values(state=to)
    ).rowcount
    if not moved:
        state = find_plan(work, plan_id).state
        raise Refused(f"Plan {plan_id} is {state}; this needs it to be {' or '.join(of)}.", "See `campaign status`.")


def findings_of(plan: PlanRow) -> list[dict[str, str]]:
    """Return the findings that a plan was written with."""
    found: list[dict[str, str]] = json.loads(plan.findings_json)
    return found
