"""Closing what earlier runs left open: claims of a dead run, UNKNOWN messages, accepted ones without a DLR.

It changes the ledger by what the gateway proves and by what time has passed. Nothing is handed over here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sends.gateways.gateway import Gateway, Proof
from sends.handover.plan_to_send import PlanToSend
from sends.ledger.changes import Change, apply_changes, cancel_planned, close_without_receipt
from sends.ledger.claims import Claim, recover_claims, unknown_messages
from sends.ledger.plan_rows import find_plan
from sends.ledger.states import State
from stores.all_stores import Stores
from stores.operations.database import transaction


def recover_dead_run(stores: Stores, progress: Callable[[str], None]) -> None:
    """Settle every claim of a dead run: UNKNOWN where it was about to leave, else PLANNED.

    The caller holds the sender's lock, so no other run is alive.
    """
    recovered = recover_claims(stores.engine, stores.clock.now())
    if recovered:
        progress(f"send: {recovered} messages of a run that died are UNKNOWN; they are not sent again by themselves")


def reconcile(stores: Stores, ours: PlanToSend, gateway: Gateway, quiet: timedelta | None = None) -> int:
    """Ask the gateway about the plan's UNKNOWN messages, and close accepted ones without a DLR.

    Proof of hand-over makes ACCEPTED, proof of absence PLANNED (CANCELLED where the plan has ended by now); without
    proof a message stays UNKNOWN.

    Args:
        stores: the opened stores.
        ours: the plan.
        gateway: the plan's, open.
        quiet: how long a message must have been UNKNOWN, so that nothing of it is on its way; None = the gateway's.

    Returns:
        how many messages changed.
    """
    now, plan_id, settings = stores.clock.now(), ours.plan.plan_id, ours.context.gateway
    since = now - (timedelta(seconds=settings.quiet_seconds) if quiet is None else quiet)
    unknown = unknown_messages(stores.engine, plan_id, quiet_since=since)
    changes = [_proved(gateway, claim, now) for claim in unknown]
    with transaction(stores.engine) as work:
        moved = apply_changes(work, [change for change in changes if change is not None], source="reconciliation")
        if find_plan(work, plan_id).has_ended:
            moved += cancel_planned(work, plan_id, now)
    margin = timedelta(minutes=ours.context.order.validity_minutes + settings.receipt_margin_minutes)
    return moved + close_without_receipt(stores.engine, plan_id, validity=margin, at=now)


def _proved(gateway: Gateway, claim: Claim, now: datetime) -> Change | None:
    answer = gateway.received(claim.reference)
    if answer.proof is Proof.RECEIVED:
        return Change(claim.send_id, State.ACCEPTED, now, detail=answer.gateway_message_id)
    if answer.proof is Proof.ABSENT:
        return Change(claim.send_id, State.PLANNED, now, detail="the gateway never got it")
    return None
