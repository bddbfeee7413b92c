"""Pausing, resuming, stopping and releasing a plan, by a person.

Sending belongs to `sends.handover`: it reads what is written here before each batch of messages, and ends a batch that it began.
"""

from __future__ import annotations

from sqlalchemy import update

from sends.ledger.changes import cancel_planned
from sends.ledger.plan_rows import change_plan_state, find_plan
from sends.plans.exclusivity import release
from stores.all_stores import Stores
from stores.operations import journal
from stores.operations.database import transaction
from stores.operations.plan_tables import plans
from terms.errors import Refused


def pause_plan(stores: Stores, plan_id: str) -> None:
    """Hold a plan's sending after the batch at hand.

    Raises:
        UsageError: there is no such plan.
        Refused: it is not approved, or paused already.
    """
    _set_paused(stores, plan_id, 1)


def break_circuit(stores: Stores, plan_id: str, why: str) -> None:
    """Pause a plan because of what its run met; a person resumes it. Nothing happens where it is held already.

    Args:
        stores: the opened stores.
        plan_id: the plan.
        why: what its run met, for the journal.
    """
    now = stores.clock.now()
    with transaction(stores.engine) as work:
        is_going = (plans.c.plan_id == plan_id) & (plans.c.state == "approved") & (plans.c.is_paused == 0)
        if work.execute(update(plans).where(is_going).values(is_paused=1)).rowcount:
            journal.append(work, now, journal.Entry.PLAN, plan_id, {"is_paused": True, "circuit_breaker": why})


def resume_plan(stores: Stores, plan_id: str) -> None:
    """Let a paused plan be sent again.

    Raises:
        UsageError: there is no such plan.
        Refused: it is not paused.
    """
    _set_paused(stores, plan_id, 0)


def stop_plan(stores: Stores, plan_id: str) -> int:
    """End a plan and return how many messages were cancelled; its parts stay reserved.

    Raises:
        UsageError: there is no such plan.
        Refused: it has ended already.
    """
    now = stores.clock.now()
    with transaction(stores.engine) as work:
        change_plan_state(work, plan_id, of=("planned", "approved"), to="stopped")
        cancelled = cancel_planned(work, plan_id, now)
        journal.append(work, now, journal.Entry.PLAN, plan_id, {"state": "stopped", "cancelled": cancelled})
    return cancelled


def release_plan(stores: Stores, plan_id: str) -> int:
    """End a plan and free the contacts and bureaux that were never sent to; return how many were cancelled.

    Raises:
        UsageError: there is no such plan.
        Refused: it was released already.
    """
    now = stores.clock.now()
    with transaction(stores.engine) as work:
        change_plan_state(work, plan_id, of=("planned", "approved", "stopped"), to="released")
        cancelled = cancel_planned(work, plan_id, now)
        release(work, plan_id, now)
        journal.append(work, now, journal.Entry.PLAN, plan_id, {"state": "released", "cancelled": cancelled})
    return cancelled


def _set_paused(stores: Stores, plan_id: str, wanted: int) -> None:
    now = stores.clock.now()
    with transaction(stores.engine) as work:
        plan = find_plan(work, plan_id)
        if plan.state != "approved" or plan.is_paused == wanted:
            now_is = "paused" if plan.is_paused else plan.state
            raise Refused(f"Plan {plan_id} is {now_is}.", "See `filiation campaign status`.")
        work.execute(update(plans).where(plans.c.plan_id == plan_id).values(is_paused=wanted))
        journal.append(work, now, journal.Entry.PLAN, plan_id, {"is_paused": bool(wanted)})
