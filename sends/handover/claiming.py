"""The first step of a send: claim the next messages and commit, with what the ledger said of them in that commit.

Claims themselves are the ledger's (`sends.ledger.claims`); judging the claimed contacts belongs to `prefetch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, ScalarResult, select

from sends.handover.plan_to_send import PlanToSend
from sends.ledger.claims import Claim, claim_batch
from sends.ledger.plan_rows import PlanRow
from sends.orders.order import Kind
from sends.plans.exclusivity import Holding, keep_contacts
from sends.plans.invitations import invited_by_others
from stores.all_stores import Stores
from stores.operations.database import transaction
from stores.operations.plan_tables import contact_reservations


@dataclass(frozen=True)
class ClaimedBatch:
    """Messages claimed in one commit, in the order of their positions, and what that commit saw of their contacts.

    `reserved` are the contacts that this sponsor holds for the ballot, `invited` those that an invitation of another plan
    may have reached (empty unless this plan is an invitation).
    """

    claims: Sequence[Claim]
    reserved: frozenset[str]
    invited: frozenset[str]


def claim_next(stores: Stores, ours: PlanToSend, run_id: str, *, after: int, size: int) -> ClaimedBatch:
    """Claim messages and commit; their contacts stay with this sponsor for the round, for they may have been sent to.

    Args:
        stores: the opened stores.
        ours: the plan.
        run_id: id of this run, 32 hex digits.
        after: position of the last message that was looked at; 0 = none yet.
        size: how many at most.

    Returns:
        the claimed messages; none of them where no PLANNED message is left behind the position.
    """
    now, plan = stores.clock.now(), ours.plan
    with transaction(stores.engine) as work:
        claims = claim_batch(work, plan.plan_id, after=after, size=size, run_id=run_id, at=now)
        contact_ids = [claim.contact_id for claim in claims]
        keep_contacts(work, _holding(ours), contact_ids)
        is_invitation = ours.context.order.kind is Kind.INVITATION
        invited = invited_by_others(work, plan.plan_id, contact_ids) if is_invitation else frozenset()
        return ClaimedBatch(claims, _reserved(work, plan, contact_ids), invited)


def _holding(ours: PlanToSend) -> Holding:
    """Return the holding of contacts who may have been sent to: until the round is over."""
    plan = ours.plan
    ends_at = ours.context.election.rounds[plan.round].blackout_ends_at
    return Holding(plan.election, plan.round, plan.sponsor_id, plan.plan_id, ends_at)


def _reserved(work: Connection, plan: PlanRow, contact_ids: Sequence[str]) -> frozenset[str]:
    table = contact_reservations
    ours = (
        (table.c.election == plan.election)
        & (table.c.round == plan.round)
        & (table.c.sponsor_id == plan.sponsor_id)
        & table.c.contact_id.in_(contact_ids)
    )
    found: ScalarResult[str] = work.execute(select(table.c.contact_id).where(ours)).scalars()
    return frozenset(found)
