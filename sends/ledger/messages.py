"""What a plan's messages are, counted and listed: reads that several rooms share.

Claiming messages belongs to `claims`, moving them to another state to `changes`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from sends.ledger.states import State
from stores.operations.message_tables import messages


def count_states(work: Connection, plan_id: str) -> dict[State, int]:
    """Return how many messages of a plan are in each state that occurs."""
    query = select(messages.c.state, func.count()).where(messages.c.plan_id == plan_id).group_by(messages.c.state)
    found = {State(state): number for state, number in work.execute(query).tuples()}
    return {state: found[state] for state in State if state in found}


def message_hashes(work: Connection, plan_id: str) -> Sequence[str]:
    """Return the hashes of the texts that a plan's messages have: one, or one per source."""
    query = select(messages.c.message_sha256).where(messages.c.plan_id == plan_id).distinct()
    found: Sequence[str] = work.execute(query).scalars().all()
    return found
