"""Approval by a second person, and lifting a HOLD, both signed: an approval is of a hash, so that any change voids it.

Planning belongs to `sends.plans.planning`; sending, which checks the approval here, to `sends.handover`.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, ScalarResult, delete, insert, select

from configuration.dated_rules import Lifter
from sends.ledger.plan_rows import PlanRow, change_plan_state, find_plan, findings_of
from sends.orders.order_file import parse_order
from sends.plans.exclusivity import Holding, extend
from sends.plans.judging import rule_set_of
from sends.plans.planning import RESERVED_FOR
from sends.rules.context import Context, read_context
from sends.rules.rulebook import Effect
from staff.acting import acting_person, person_who_planned
from staff.acts import Act
from staff.decisions import enter, rely_on, sign, sign_for
from staff.persons import Person
from staff.register import read_register
from staff.signed_configuration import Part, acts_of, require_signed
from staff.signed_records import Decision, read_signed
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


def lift_hold(stores: Stores, plan_id: str, code: str, by: str | None, why: str) -> None:
    """Let a person of the role that the rule names answer, signed, for a HOLD of a plan.

    Args:
        stores: the opened stores.
        plan_id: the plan.
        code: the code that holds it.
        by: who answers, where one account plays everybody; None = the actor of the settings.
        why: the reason, without a number of a person.

    Raises:
        UsageError: no such plan, no name or reason, or a number in one.
        Refused: the plan does not have this HOLD, is past its approval, or the person may not lift it.
    """
    if not (by is None or by.strip()) or not why.strip():
        raise UsageError("Lifting a HOLD needs a person and a reason.", "Give --by and --why.")
    refuse_number(by or "", "The person")
    refuse_number(why, "The reason")
    now = stores.clock.now()
    with stores.engine.connect() as reading:
        plan = find_plan(reading, plan_id)
        if plan.state != "planned":
            raise Refused(f"Plan {plan_id} is {plan.state}.", "A HOLD is lifted before the approval.")
        lifter = _lifter(plan, context_of(stores, plan), code)
        roles = acts_of(reading, stores.settings).may_lift(lifter)
    person = acting_person(stores, by)
    with stores.engine.connect() as reading:
        _refuse_planner(stores, reading, plan, person, "lifts a HOLD of it")
    signed = sign_for(stores, _lift_decision(plan, code, why.strip()), person, roles)
    with transaction(stores.engine) as work:
        if find_plan(work, plan_id) != plan:
            raise Refused(f"Plan {plan_id} changed while it was signed.", "Look at it again.")
        lift = {"plan_id": plan_id, "code": code, "lifted_by": person.name, "why": why.strip()}
        if insert_once(work, plan_lifts, [{**lift, "lifted_at": to_micros(now)}]):
            enter(work, stores, signed, roles)
            journal.append(work, now, journal.Entry.LIFT, plan_id, lift)


def approve_plan(stores: Stores, plan_id: str, by: str | None) -> None:
    """Approve a plan, signed, and keep its parts until the end of the window.

    An approval that counts no more (the key was lost, persons were erased and nobody signed for it) is given again so.

    Args:
        stores: the opened stores.
        plan_id: the plan.
        by: who approves, where one account plays everybody; None = the actor of the settings. Not who planned.

    Raises:
        UsageError: no such plan, no name, or a number in it.
        Refused: the planner approves, or who may not, a HOLD is not lifted, the window or the reservation is over, or
            something changed since the plan.
    """
    if not (by is None or by.strip()):
        raise UsageError("An approval needs a person.", "Give --by.")
    refuse_number(by or "", "The person")
    require_signed(stores, Part.RULES, Part.PRICES)
    with stores.engine.connect() as reading:
        plan = find_plan(reading, plan_id)
        decision = _approval_decision(stores, reading, plan, audience_sha256(reading, plan))
    context = context_of(stores, plan)
    rule_set = _current_rule_set(stores, context)
    person = acting_person(stores, by)
    with stores.engine.connect() as reading:
        _refuse_planner(stores, reading, plan, person, "approves it")
    signed = sign_for(stores, decision, person)
    with transaction(stores.engine) as work:
        plan = find_plan(work, plan_id)
        _check_holds(stores, work, plan, context)
        _check_unchanged(plan, context, rule_set)
        if plan.closes_at <= stores.clock.now():
            raise Refused(f"The window of plan {plan_id} ended at {to_iso(plan.closes_at)}.", "Plan a new order.")
        if _approval_decision(stores, work, plan, audience_sha256(work, plan)) != decision:
            raise Refused(f"Plan {plan_id} changed while it was signed.", "Approve it again.")
        _approve(stores, work, plan, person)
        enter(work, stores, signed)


def check_approval(stores: Stores, work: Connection, plan: PlanRow, context: Context) -> None:
    """Refuse to send what is not what was approved, or was approved by nobody who may.

    Args:
        stores: the opened stores.
        work: an open connection to the operations database.
        plan: the plan as it is stored.
        context: its order, with what it refers to today.

    Raises:
        Refused: the plan is not approved, order, audience, message or rules are not those that were approved, or no
            signature says so of a person who had the role that day and is not the planner.
    """
    if plan.state != "approved":
        raise Refused(f"Plan {plan.plan_id} is {plan.state}, not approved.", "A second person approves it first.")
    _check_unchanged(plan, context, _current_rule_set(stores, context))
    audience = audience_sha256(work, plan)
    wanted = work.execute(select(approvals.c.approved_sha256).where(approvals.c.plan_id == plan.plan_id)).scalar()
    if wanted != _approved_sha256(plan, audience):
        raise _void(plan, "order or audience")
    _check_signed(stores, work, plan, audience)


def approved_sha256(work: Connection, plan: PlanRow) -> str:
    """Return the hash of what an approval is about: order, audience, message, rules."""
    return _approved_sha256(plan, audience_sha256(work, plan))


def audience_sha256(work: Connection, plan: PlanRow) -> str:
    """Return the hash of a plan's messages, in their order."""
    audience = sha256()
    rows = select(messages.c.send_id).where(messages.c.plan_id == plan.plan_id).order_by(messages.c.position)
    send_ids: ScalarResult[str] = work.execute(rows).scalars()
    for send_id in send_ids:
        audience.update(send_id.encode())
    return audience.hexdigest()


def sign_reduction(stores: Stores, plan_id: str, before: str) -> None:
    """Let the person who erased somebody of a plan's audience sign that its approval goes on without them.

    Args:
        stores: the opened stores.
        plan_id: the plan.
        before: hash of its messages as they were approved.

    Raises:
        UsageError: see `acting_person`.
        Refused: the person may not, or signed nothing: the plan must then be approved again.
    """
    with stores.engine.connect() as reading:
        after = audience_sha256(reading, find_plan(reading, plan_id))
    signed = sign(stores, Decision(Act.REDUCE, plan_id, {"from": before, "to": after}))
    with transaction(stores.engine) as work:
        enter(work, stores, signed)


def lifted_codes(stores: Stores, work: Connection, plan: PlanRow, context: Context) -> frozenset[str]:
    """Return the HOLDs of a plan that a person answered for.

    Args:
        stores: the opened stores.
        work: an open connection to the operations database.
        plan: the plan.
        context: its order, with the rules of today.

    Raises:
        Refused: a lift is signed by nobody of the role that its rule names, or by the planner.
    """
    of_plan = select(plan_lifts.c.code, plan_lifts.c.why).where(plan_lifts.c.plan_id == plan.plan_id)
    rows: list[tuple[str, str]] = [(row.code, row.why) for row in work.execute(of_plan)]
    for code, why in rows:
        roles = acts_of(work, stores.settings).may_lift(_lifter(plan, context, code))
        relied = rely_on(work, stores, _lift_decision(plan, code, why), roles)
        _refuse_planner(stores, work, plan, relied.person, "lifted a HOLD of it")
    return frozenset(code for code, _ in rows)


def _approved_sha256(plan: PlanRow, audience: str) -> str:
    order_sha256 = parse_order(plan.order_json, plan.plan_id).sha256
    return digest(order_sha256, audience, plan.message_sha256, plan.rule_set_sha256)


def _lift_decision(plan: PlanRow, code: str, why: str) -> Decision:
    hashes = {"order_sha256": plan.order_sha256, "rule_set_sha256": plan.rule_set_sha256}
    return Decision(Act.LIFT, f"{plan.plan_id}/{code}", {"plan_id": plan.plan_id, "code": code, "why": why, **hashes})


def _approval_decision(stores: Stores, work: Connection, plan: PlanRow, audience: str) -> Decision:
    """Return what an approval of a plan is: all that leaves, to whom, and who had planned it."""
    planner = person_who_planned(stores, read_register(work, stores.settings), plan.planned_by)
    told = {"order_sha256": plan.order_sha256, "audience_sha256": audience, "contacts": plan.contacts}
    told |= {"message_sha256": plan.message_sha256, "rule_set_sha256": plan.rule_set_sha256, "planned_by": planner}
    return Decision(Act.APPROVE, plan.plan_id, told)


def _check_signed(stores: Stores, work: Connection, plan: PlanRow, audience: str) -> None:
    """Check that a signature covers the plan as it is, or as it was before persons were erased, one after another."""
    for signed in read_signed(work, Act.REDUCE, plan.plan_id):
        if signed.decision.content.get("to") == audience:
            audience = str(rely_on(work, stores, signed.decision).decision.content["from"])
    approval = rely_on(work, stores, _approval_decision(stores, work, plan, audience))
    _refuse_planner(stores, work, plan, approval.person, "approved it")


def _refuse_planner(stores: Stores, work: Connection, plan: PlanRow, person: Person, what: str) -> None:
    planner = person_who_planned(stores, read_register(work, stores.settings), plan.planned_by)
    if person.person_id == planner:
        raise Refused(f"{person.name} planned {plan.plan_id}.", f"Another person {what}.")


def _lifter(plan: PlanRow, context: Context, code: str) -> Lifter:
    """Return who may lift a HOLD of a plan."""
    held = _held(plan)
    if code not in held:
        listed = ", ".join(sorted(held)) or "none"
        raise Refused(f"Plan {plan.plan_id} has no HOLD {code} (its HOLDs: {listed}).", "See the plan's findings.")
    lifter = context.rules.lifter(code)
    if lifter is Lifter.NOBODY:
        raise Refused(f"Nobody may lift {code}.", "See docs/rules.md: what the rule asks for ends it.")
    return lifter


def _approve(stores: Stores, work: Connection, plan: PlanRow, person: Person) -> None:
    """Write the approval: of a plan that waits for it, or again where the one before counts no more."""
    now = stores.clock.now()
    if plan.state == "approved" and _has_lapsed(stores, work, plan):
        extend(work, Holding(plan.election, plan.round, plan.sponsor_id, plan.plan_id, plan.closes_at))
        work.execute(delete(approvals).where(approvals.c.plan_id == plan.plan_id))
    else:
        _keep(work, plan, now)
        change_plan_state(work, plan.plan_id, of=("planned",), to="approved")
    told = {"plan_id": plan.plan_id, "approved_by": person.name, "approved_sha256": approved_sha256(work, plan)}
    work.execute(insert(approvals).values(**told, approved_at=to_micros(now)))
    journal.append(work, now, journal.Entry.APPROVAL, plan.plan_id, told)


def _has_lapsed(stores: Stores, work: Connection, plan: PlanRow) -> bool:
    try:
        _check_signed(stores, work, plan, audience_sha256(work, plan))
    except Refused:
        return True
    return False


def _held(plan: PlanRow) -> frozenset[str]:
    return frozenset(item["code"] for item in findings_of(plan) if item["decision"] == Effect.HOLD.value)


def _check_holds(stores: Stores, work: Connection, plan: PlanRow, context: Context) -> None:
    open_holds = _held(plan) - lifted_codes(stores, work, plan, context)
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
