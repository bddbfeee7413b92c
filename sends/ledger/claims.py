"""Claims: the messages that one run of the sender has taken for itself, before anything of them leaves.

A claim is committed before a byte leaves. What becomes of a claimed message belongs to `changes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, ScalarResult, bindparam, select, update

from sends.ledger.changes import Change, add_events, apply_changes
from sends.ledger.states import State
from stores.operations.database import transaction
from stores.operations.message_tables import messages
from terms.clock import to_micros


@dataclass(frozen=True)
class Claim:
    """One message claimed by this run: no other run will touch it."""

    send_id: str
    contact_id: str
    position: int
    attempt: int
    message_sha256: str

    @property
    def reference(self) -> str:
        """Return our own id of this attempt, which goes into every field that the gateway echoes."""
        return f"{self.send_id}.{self.attempt}"


def recover_claims(engine: Engine, at: datetime) -> int:
    """Turn every CLAIMED message of dead runs into UNKNOWN and return how many; the caller holds the sender's lock."""
    with transaction(engine) as work:
        query = select(messages.c.send_id).where(messages.c.state == State.CLAIMED.value)
        claimed: ScalarResult[str] = work.execute(query).scalars()
        changes = [Change(send_id, State.UNKNOWN, at, detail="the run died with the claim") for send_id in claimed]
        return apply_changes(work, changes, source="sender")


def claim_batch(work: Connection, plan_id: str, *, after: int, size: int, run_id: str, at: datetime) -> list[Claim]:
    """Claim the next PLANNED messages behind a position; nothing may leave before the caller has committed.

    Args:
        work: the caller's transaction.
        plan_id: the plan.
        after: position of the last message that was looked at; 0 = none yet.
        size: how many at most.
        run_id: id of the run, 32 hex digits.
        at: now.

    Returns:
        the claims in the order of their positions; fewer than `size` at the end of the plan.
    """
    instant = to_micros(at)
    claiming = {"of_plan": plan_id, "behind": after, "most": size, "instant": instant, "run": run_id}
    rows = work.execute(_CLAIM, claiming).all()
    claims = sorted((_claim(row) for row in rows), key=lambda claim: claim.position)
    add_events(work, [Change(claim.send_id, State.CLAIMED, at, detail=claim.reference) for claim in claims], "sender")
    return claims


def next_contacts(work: Connection, plan_id: str, *, after: int, size: int) -> Sequence[str]:
    """Return the contacts of the next PLANNED messages behind a position, in order.

    Args:
        work: any connection to the operations database.
        plan_id: the plan.
        after: position of the last message that is not wanted.
        size: how many at most.
    """
    found: Sequence[str] = (
        work.execute(_NEXT_CONTACTS, {"of_plan": plan_id, "behind": after, "most": size}).scalars().all()
    )
    return found


def unknown_messages(engine: Engine, plan_id: str, *, quiet_since: datetime) -> list[Claim]:
    """Return the UNKNOWN messages of a plan that have been so since before an instant, in order.

    Args:
        engine: the operations database.
        plan_id: the plan.
        quiet_since: later ones are left out: something of them may still be on its way.
    """
    query = select(messages).where(
        messages.c.plan_id == plan_id,
        messages.c.state == State.UNKNOWN.value,
        messages.c.state_at <= to_micros(quiet_since),
    )
    with engine.connect() as work:
        return [_claim(row) for row in work.execute(query.order_by(messages.c.position))]


def _claim(row: Row[tuple[object, ...]]) -> Claim:
    values = row._mapping
    return Claim(
        values["send_id"], values["contact_id"], values["position"], values["attempt"], values["message_sha256"]
    )


#: The next PLANNED messages of a plan behind a position, in order.
_NEXT = (
    (messages.c.plan_id == bindparam("of_plan"))
    & (messages.c.state == State.PLANNED.value)
    & (messages.c.position > bindparam("behind"))
)

_NEXT_CONTACTS = select(messages.c.contact_id).where(_NEXT).order_by(messages.c.position).limit(bindparam("most"))

_CLAIM = (
    update(messages)
    .where(
        messages.c.send_id.in_(
            select(messages.c.send_id).where(_NEXT).order_by(messages.c.position).limit(bindparam("most"))
        ),
        messages.c.state == State.PLANNED.value,
    )
    .values(
        state=State.CLAIMED.value,
        state_at=bindparam("instant"),
        claimed_at=bindparam("instant"),
        run_id=bindparam("run"),
        attempt=messages.c.attempt + 1,
    )
    .returning(messages)
)
