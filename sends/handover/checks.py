"""Whether a plan may be sent: the checks before a send, and the shorter ones before each of its claims.

The rules themselves live in `sends.rules`, the comparison with what was approved in `sends.plans.approval`; deciding about
one message belongs to `decision`.
"""

from __future__ import annotations

from sqlalchemy import Connection

from sends.gateways.gateway import Gateway
from sends.handover.heartbeat import Heartbeat
from sends.handover.plan_to_send import PlanToSend
from sends.handover.restore_guard import check_ledger_knows
from sends.ledger.plan_rows import PlanRow, find_plan
from sends.plans.approval import check_approval, lifted_codes
from sends.plans.transparency_notice import untold_findings
from sends.rules.bureau_changes import bureaux_of_plan, change_findings, read_map_changes
from sends.rules.context import Context
from sends.rules.controller_documents import complaints_about
from sends.rules.order_rules import order_findings
from staff.signed_configuration import Part, require_signed
from stores.all_stores import Stores
from terms.clock import to_iso
from terms.environment import LIVE_SENDING, SIMULATED_SENDING
from terms.errors import Refused
from terms.paris import day_in_paris

#: What ends a refusal by a rule of orders.
_END_IT = "See docs/rules.md for what ends each; a HOLD is lifted in a new plan."


def check_sendable(stores: Stores, ours: PlanToSend, gateway: Gateway, heartbeat: Heartbeat) -> None:
    """Refuse a plan that may not be sent now.

    Args:
        stores: the opened stores.
        ours: the plan.
        gateway: the plan's, open; it is asked only where the ledger came from a backup.
        heartbeat: of its listener.

    Raises:
        UsageError: there is no such plan any more.
        Refused: not approved, changed since, a rule of orders says otherwise by now, the gateway not allowed in this
            environment, paused, outside its window, the gateway's listener silent (STOP replies would not arrive), or the
            ledger older than the gateway.
    """
    require_signed(stores, Part.RULES, Part.PRICES)
    with stores.engine.connect() as work:
        plan = find_plan(work, ours.plan.plan_id)
        check_approval(stores, work, plan, ours.context)
        _check_order(stores, work, plan, ours.context)
    _check_route(stores, ours.context)
    check_now(stores, ours, heartbeat)
    check_ledger_knows(stores, plan, gateway)


def check_now(stores: Stores, ours: PlanToSend, heartbeat: Heartbeat) -> None:
    """Refuse a plan of which nothing more may be claimed at this instant: state, window and heartbeat are read anew.

    Args:
        stores: the opened stores.
        ours: the plan.
        heartbeat: of its gateway's listener, the same one for all checks of a run.

    Raises:
        Refused: paused or ended by a person, outside its window, or nobody listens to its gateway.
    """
    now = stores.clock.now()
    with stores.engine.connect() as work:
        plan = find_plan(work, ours.plan.plan_id)
    if plan.state != "approved" or plan.is_paused:
        state = "paused" if plan.is_paused else plan.state
        raise Refused(f"Plan {plan.plan_id} is {state}.", "See `campaign status`.")
    if now < plan.opens_at:
        raise Refused(f"The window of plan {plan.plan_id} opens at {to_iso(plan.opens_at)}.", "Run this again then.")
    if now >= plan.closes_at:
        raise Refused(
            f"The window of plan {plan.plan_id} ended at {to_iso(plan.closes_at)}; what was under way is settled.",
            "See `campaign status`; release the plan, then plan a new order.",
        )
    if not heartbeat.is_heard():
        raise Refused(
            f"Nobody listens to {plan.gateway}: a STOP would not arrive (STOP_FEED_STALE, R-18 R-55).",
            f"Run `filiation gateway listen {plan.gateway}` beside this.",
            code="STOP_FEED_STALE",
        )


def _check_order(stores: Stores, work: Connection, plan: PlanRow, context: Context) -> None:
    """Ask the rules of orders again: papers grow old, complaints come in, bureaux change, sponsors fall out."""
    now = stores.clock.now()
    found = order_findings(context, context.quote.list_unit_cents, complaints_about(work, plan.campaign_id), now)
    found += untold_findings(stores, context, now)
    held = bureaux_of_plan(work, plan.plan_id)
    with stores.warehouse.open_base() as base:
        mapped = read_map_changes(base, context.election.bureau_map, [item.bureau_code for item in held])
    found += change_findings(held, context.bureau_changes, mapped, day_in_paris(now), context.rules)
    lifted = lifted_codes(stores, work, plan, context)
    still = [item for item in found if item.code not in lifted]
    if still:
        codes = ", ".join(sorted({item.code for item in still}))
        raise Refused(f"Plan {plan.plan_id} may not be sent now: {codes}. {still[0].message}", _END_IT, code=codes)


def _check_route(stores: Stores, context: Context) -> None:
    environment = stores.settings.environment
    if context.gateway.is_local_simulator and not SIMULATED_SENDING[environment]:
        raise Refused(
            f"{context.gateway.name} is a simulator, which keeps every number in clear; {environment} holds real ones.",
            "Send through an operator's gateway, in production.",
        )
    if not context.gateway.is_local_simulator and not LIVE_SENDING[environment]:
        raise Refused(
            f"{context.gateway.name} leaves this machine, and {environment} may not send.",
            "Use the local simulator.",
        )
