"""Claims: the messages that one run of the sender has taken for itself, before anything of them leaves.

A claim is committed before a byte leaves, and so is the mark on those few that leave next. What becomes of a claimed message
belongs to `changes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, ScalarResult, bindparam, exists, select, update

from sends.ledger.changes import Change, add_events, apply_changes
from sends.ledger.states import State
from stores.operations.database import transaction
from stores.operations.message_tables import message_events, messages
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
    """Settle every CLAIMED message of dead runs and return how many are UNKNOWN; the caller holds the sender's lock.

    One that was about to leave is UNKNOWN; the others never left and return to PLANNED.
    """
    with transaction(engine) as work:
        query = select(messages.c.send_id, messages.c.handed_over_at).where(messages.c.state == State.CLAIMED.value)
        changes = [
            Change(send_id, State.PLANNED, at, detail="the run died before its turn")
            if leaving_at is None
            else Change(send_id, State.UNKNOWN, at, detail="the run died with the claim")
            for send_id, leaving_at in work.execute(query).tuples()
        ]
        apply_changes(work, changes, source="sender")
        return sum(change.state is State.UNKNOWN for change in changes)


def mark_leaving(work: Connection, claims: Sequence[Claim], run_id: str, at: datetime) -> list[Claim]:
    """Mark claims as about to leave and return them; one that was called off meanwhile is left out.

    Nothing of them may leave before the caller has committed.

    Args:
        work: the caller's transaction.
        claims: of this run, few: a kill leaves as many UNKNOWN.
        run_id: id of the run, 32 hex digits.
        at: now.
    """
    marking = {"leaving": [claim.send_id for claim in claims], "run": run_id, "instant": to_micros(at)}
    marked: ScalarResult[str] = work.execute(_MARK_LEAVING, marking).scalars()
    leaving = set(marked)
    return [claim for claim in claims if claim.send_id in leaving]


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
    chosen: Sequence[str] = work.execute(_CHOOSE, {"of_plan": plan_id, "behind": after, "most": size}).scalars().all()
    rows = work.execute(_CLAIM, {"chosen": chosen, "instant": to_micros(at), "run": run_id}).all() if chosen else []
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

    One whose claim has lost its reference, because its person was erased and its id was a computed one, is left out: the
    gateway would be asked about a name that it never heard.

    Args:
        engine: the operations database.
        plan_id: the plan.
        quiet_since: later ones are left out: something of them may still be on its way.
    """
    query = select(messages).where(
        messages.c.plan_id == plan_id,
        messages.c.state == State.UNKNOWN.value,
        messages.c.state_at <= to_micros(quiet_since),
        ~exists().where(
            message_events.c.send_id == messages.c.send_id,
            message_events.c.state == State.CLAIMED.value,
            message_events.c.detail.is_(None),
        ),
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

#: An erasure may hold some: it calls them off. Chosen apart, because PostgreSQL may choose anew for each row of an update.
_CHOOSE = (
    select(messages.c.send_id)
    .where(_NEXT)
    .order_by(messages.c.position)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)

_CLAIM = (
    update(messages)
    .where(
        messages.c.send_id.in_(bindparam("chosen", expanding=True)),
        messages.c.state == State.PLANNED.value,
    )
    .values(
        state=State.CLAIMED.value,
        state_at=bindparam("instant"),
        claimed_at=bindparam("instant"),
        handed_over_at=None,
        run_id=bindparam("run"),
        attempt=messages.c.attempt + 1,
    )
    .returning(messages)
)

_MARK_LEAVING = (
    update(messages)
    .where(
        messages.c.send_id.in_(bindparam("leaving", expanding=True)),
        messages.c.state == State.CLAIMED.value,
        messages.c.run_id == bindparam("run"),
    )
    .values(handed_over_at=bindparam("instant"))
    .returning(messages.c.send_id)
)
