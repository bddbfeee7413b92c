"""Approval by a second person, and lifting a HOLD by name: an approval is of a hash, so that any change voids it.

Planning belongs to `sends.plans.planning`; sending, which checks the approval here, to `sends.handover`.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, ScalarResult, insert, select

from configuration.dated_rules import Lifter
from sends.ledger.plan_rows import PlanRow, change_plan_state, find_plan, findings_of
from sends.orders.order_file import parse_order
from sends.plans.exclusivity import Holding, extend
from sends.plans.judging import rule_set_of
from sends.plans.planning import RESERVED_FOR
from sends.rules.context import Context, read_context
from sends.rules.rulebook import Effect
from stores.all_stores import Stores
from stores.operations import journal
from stores.operations.database import insert_once, transaction
from stores.operations.message_tables import messages
from stores.operations.plan_tables import approvals, plan_lifts
from terms.clock import from_micros, to_iso, to_micros
from terms.errors import Refused, UsageError
from terms.free_text import refuse_number
from terms.identifiers import digest


def context_of(stores: Stores, plan: PlanRow) -> Context:
    """Return the order of a plan with what it refers to in the configuration of today."""
    order = parse_order(plan.order_json, f"the order of plan {plan.plan_id}")
    return read_context(stores.settings.config, order)


def lift_hold(stores: Stores, plan_id: str, code: str, by: str, why: str) -> None:
    """Let a named person answer for a HOLD of a plan.

    Args:
        stores: the opened stores.
        plan_id: the plan.
        code: the code that holds it.
        by: who answers, by name.
        why: the reason, without a number of a person.

    Raises:
        UsageError: no such plan, no name or reason, or a number in one.
        Refused: the plan does not have this HOLD, or is past its approval.
    """
    if not by.strip() or not why.strip():
        raise UsageError("Lifting a HOLD needs a person and a reason.", "Give --by and --why.")
    refuse_number(by, "The person")
    refuse_number(why, "The reason")
    now = stores.clock.now()
    with transaction(stores.engine) as work:
        plan = find_plan(work, plan_id)
        if plan.state != "planned":
            raise Refused(f"Plan {plan_id} is {plan.state}.", "A HOLD is lifted before the approval.")
        held = _held(plan)
        lifter = context_of(stores, plan).rules.lifter(code) if code in held else None
        if lifter is Lifter.NOBODY:
            raise Refused(f"Nobody may lift {code}.", "See docs/rules.md: what the rule asks for ends it.")
        if code not in held:
            listed = ", ".join(sorted(held)) or "none"
            raise Refused(f"Plan {plan_id} has no HOLD {code} (its HOLDs: {listed}).", "See the plan's findings.")
        lift = {"plan_id": plan_id, "code": code, "lifted_by": by.strip(), "why": why.strip()}
        insert_once(work, plan_lifts, [{**lift, "lifted_at": to_micros(now)}])
        journal.append(work, now, journal.Entry.LIFT, plan_id, lift)


def approve_plan(stores: Stores, plan_id: str, by: str) -> None:
    """Approve a plan and keep its parts until the end of the window.

    Args:
        stores: the opened stores.
        plan_id: the plan.
        by: who approves, by name; not the person who planned.

    Raises:
        UsageError: no such plan, no name, or a number in it.
        Refused: the planner approves, a HOLD is not lifted, the window or the reservation is over, or something
            changed since the plan.
    """
    if not by.strip():
        raise UsageError("An approval needs a person.", "Give --by.")
    refuse_number(by, "The person")
    now = stores.clock.now()
    with stores.engine.connect() as reading:
        plan = find_plan(reading, plan_id)
    context = context_of(stores, plan)
    rule_set = _current_rule_set(stores, context)
    with transaction(stores.engine) as work:
        plan = find_plan(work, plan_id)
        _check_approver(plan, by)
        _check_holds(work, plan)
        _check_unchanged(plan, context, rule_set)
        if plan.closes_at <= now:
            raise Refused(f"The window of plan {plan_id} ended at {to_iso(plan.closes_at)}.", "Plan a new order.")
        _keep(work, plan, now)
        change_plan_state(work, plan_id, of=("planned",), to="approved")
        approval = {"plan_id": plan_id, "approved_by": by.strip(), "approved_sha256": approved_sha256(work, plan)}
        work.execute(insert(approvals).values(**approval, approved_at=to_micros(now)))
        journal.append(work, now, journal.Entry.APPROVAL, plan_id, approval)


def check_approval(stores: Stores, work: Connection, plan: PlanRow, context: Context) -> None:
    """Refuse to send what is not what was approved.

    Args:
        stores: the opened stores.
        work: an open connection to the operations database.
        plan: the plan as it is stored.
        context: its order, with what it refers to today.

    Raises:
        Refused: the plan is not approved, or order, audience, message or rules are not those that were approved.
    """
    if plan.state != "approved":
        raise Refused(f"Plan {plan.plan_id} is {plan.state}, not approved.", "A second person approves it first.")
    _check_unchanged(plan, context, _current_rule_set(stores, context))
    wanted = work.execute(select(approvals.c.approved_sha256).where(approvals.c.plan_id == plan.plan_id)).scalar()
    if wanted != approved_sha256(work, plan):
        raise _void(plan, "order or audience")


def approved_sha256(work: Connection, plan: PlanRow) -> str:
    """Return the hash of what an approval is about: order, audience, message, rules."""
    order_sha256 = parse_order(plan.order_json, plan.plan_id).sha256
    audience = sha256()
    rows = select(messages.c.send_id).where(messages.c.plan_id == plan.plan_id).order_by(messages.c.position)
    send_ids: ScalarResult[str] = work.execute(rows).scalars()
    for send_id in send_ids:
        audience.update(send_id.encode())
    return digest(order_sha256, audience.hexdigest(), plan.message_sha256, plan.rule_set_sha256)


def lifted_codes(work: Connection, plan_id: str) -> frozenset[str]:
    """Return the HOLDs of a plan that a person answered for."""
    found: ScalarResult[str] = work.execute(select(plan_lifts.c.code).where(plan_lifts.c.plan_id == plan_id)).scalars()
    return frozenset(found)


def _held(plan: PlanRow) -> frozenset[str]:
    return frozenset(item["code"] for item in findings_of(plan) if item["decision"] == Effect.HOLD.value)


def _check_approver(plan: PlanRow, by: str) -> None:
    if plan.planned_by.strip().casefold() == by.strip().casefold():
        raise Refused(f"{by.strip()} planned {plan.plan_id}.", "Another person approves it.")


def _check_holds(work: Connection, plan: PlanRow) -> None:
    open_holds = _held(plan) - lifted_codes(work, plan.plan_id)
    if open_holds:
        listed = ", ".join(sorted(open_holds))
        raise Refused(f"Plan {plan.plan_id} is on HOLD: {listed}.", "Lift each with `filiation campaign lift`.")


def _check_unchanged(plan: PlanRow, context: Context, rule_set: str) -> None:
    if context.order.sha256 != plan.order_sha256:
        raise _void(plan, "the order")
    if context.message_sha256 != plan.message_sha256:
        raise _void(plan, "the final text (the gateway's STOP line)")
    if rule_set != plan.rule_set_sha256:
        raise _void(plan, "the rules")


def _void(plan: PlanRow, what: str) -> Refused:
    return Refused(f"Since plan {plan.plan_id}, {what} changed.", "Release it, plan the order again and approve that.")


def _current_rule_set(stores: Stores, context: Context) -> str:
    with stores.warehouse.open_base() as base:
        return rule_set_of(base, context)


def _keep(work: Connection, plan: PlanRow, now: datetime) -> None:
    """Keep the plan's parts to the end of the window; a reservation of 72 hours that is over cannot be kept."""
    if from_micros(plan.planned_at) + RESERVED_FOR <= now:
        raise Refused(f"The reservation of plan {plan.plan_id} has expired.", "Release it and plan the order again.")
    extend(work, Holding(plan.election, plan.round, plan.sponsor_id, plan.plan_id, plan.closes_at))
