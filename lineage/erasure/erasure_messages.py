"""Calling off what waits for persons who are being erased, in the same transaction as what ends their being written to.

Sender and erasure write the same rows, so one comes before the other: either a message is marked as about to leave, and
the erasure waits for it, or it is called off, and the sender finds it gone. Removing persons from the rest of the ledger
belongs to `erasure_ledger`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, ScalarResult, select

from sends.handover.lock import sender_lock
from sends.handover.reconciliation import recover_dead_run
from sends.ledger.changes import Change, apply_changes, lock_messages
from sends.ledger.states import State
from stores.all_stores import Stores
from stores.operations import database
from stores.operations.database import VALUES_AT_ONCE
from stores.operations.message_tables import messages
from terms.batches import batched
from terms.errors import Refused, WriterBusy

#: How long an erasure waits for messages that are leaving, and how long between two looks, in seconds.
_MOST_SECONDS, _LOOK_SECONDS = 30.0, 0.1


Written = TypeVar("Written")


class _Leaving(Exception):
    """A message of one of the persons is in the window that is leaving: nothing may be written yet."""

    def __init__(self, plan_id: str) -> None:
        super().__init__(plan_id)
        self.plan_id = plan_id


def write_while_nothing_leaves(
    stores: Stores, contact_ids: Sequence[str], write: Callable[[Connection], Written]
) -> Written:
    """Call off what waits for these persons and write, in one transaction, once none of their messages is leaving.

    Claims of a sender that is dead are settled here. The wait ends after a time; then nothing was written.

    Args:
        stores: the opened stores.
        contact_ids: of the persons.
        write: what is written together with it; it may be called several times, each time in a new transaction.

    Returns:
        What `write` returned.

    Raises:
        Refused: a message is being handed over to one of them.
    """
    ends_at = time.monotonic() + _MOST_SECONDS
    while True:
        try:
            with database.transaction(stores.engine) as work:
                _call_off(work, contact_ids, stores.clock.now())
                return write(work)
        except _Leaving as leaving:
            plan_id = leaving.plan_id
        _settle_dead_run(stores)
        if time.monotonic() > ends_at:
            raise Refused(
                f"Plan {plan_id} is handing a message over to a person.",
                "Nothing was changed. Run this again in a minute.",
            )
        time.sleep(_LOOK_SECONDS)


def _call_off(work: Connection, contact_ids: Sequence[str], at: datetime) -> None:
    """Cancel what waits for these persons, claimed or not; what may have left stays as it is."""
    states = lock_messages(work, _open_messages(work, contact_ids))
    claimed = [send_id for send_id, state in states.items() if state is State.CLAIMED]
    for some in batched(claimed, VALUES_AT_ONCE):
        leaving = select(messages.c.plan_id).where(messages.c.send_id.in_(some), messages.c.handed_over_at.is_not(None))
        plan_id: str | None = work.execute(leaving.limit(1)).scalar_one_or_none()
        if plan_id is not None:
            raise _Leaving(plan_id)
    apply_changes(work, [Change(send_id, State.PLANNED, at) for send_id in claimed], source="control")
    waiting = [send_id for send_id, state in states.items() if state in (State.PLANNED, State.CLAIMED)]
    apply_changes(work, [Change(send_id, State.CANCELLED, at) for send_id in waiting], source="control")


def _open_messages(work: Connection, contact_ids: Sequence[str]) -> list[str]:
    found: list[str] = []
    for some in batched(contact_ids, VALUES_AT_ONCE):
        theirs = messages.c.contact_id.in_(some) & messages.c.state.in_((State.PLANNED.value, State.CLAIMED.value))
        ids: ScalarResult[str] = work.execute(select(messages.c.send_id).where(theirs)).scalars()
        found += ids
    return found


def _settle_dead_run(stores: Stores) -> None:
    """Settle the claims that a dead sender left; where one is alive, its window ends by itself."""
    try:
        with sender_lock(stores):
            recover_dead_run(stores, lambda _: None)
    except WriterBusy:
        return
