"""The states of a message and the one table of allowed transitions; docs/states.md draws it and a test compares.

Who moves a message, and on what evidence, is the ledger's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a message stands. Each message of a plan is in exactly one state at every instant."""

    PLANNED = "PLANNED"
    CLAIMED = "CLAIMED"
    EXCLUDED = "EXCLUDED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"
    ACCEPTED = "ACCEPTED"
    DELIVERED = "DELIVERED"
    UNDELIVERED = "UNDELIVERED"
    EXPIRED = "EXPIRED"
    NO_RECEIPT = "NO_RECEIPT"
    CANCELLED = "CANCELLED"


#: What a final report makes of a message.
REPORTED = frozenset({State.DELIVERED, State.UNDELIVERED, State.EXPIRED})

#: From each state, the states that may follow. CLAIMED and UNKNOWN return to PLANNED only on proof that nothing left.
#: A report is itself evidence of hand-over, so it may overtake the gateway's answer, and a ledger restored from an
#: older backup: it moves PLANNED on, so that the message is never sent a second time.
TRANSITIONS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.PLANNED: frozenset({State.CLAIMED, State.CANCELLED}) | REPORTED,
        State.CLAIMED: frozenset({State.PLANNED, State.EXCLUDED, State.REJECTED, State.UNKNOWN, State.ACCEPTED})
        | REPORTED,
        State.EXCLUDED: frozenset(),
        State.REJECTED: frozenset(),
        State.UNKNOWN: frozenset({State.PLANNED, State.ACCEPTED}) | REPORTED,
        State.ACCEPTED: frozenset({State.NO_RECEIPT}) | REPORTED,
        State.DELIVERED: frozenset(),
        State.UNDELIVERED: frozenset(),
        State.EXPIRED: frozenset(),
        State.NO_RECEIPT: REPORTED,
        State.CANCELLED: frozenset(),
    }
)

#: States of which it is proved that the gateway took the message.
HANDED_OVER = frozenset({State.ACCEPTED, State.NO_RECEIPT}) | REPORTED

#: States in which a message has left, or may have: its contact stays with the sponsor for the round.
MAY_HAVE_LEFT = frozenset({State.CLAIMED, State.UNKNOWN, State.ACCEPTED, State.NO_RECEIPT}) | REPORTED


def sources_of(target: State) -> tuple[State, ...]:
    """Return the states from which `target` may be reached, in order of the list."""
    return tuple(state for state in State if target in TRANSITIONS[state])


def diagram() -> str:
    """Return the table of transitions as a Mermaid state diagram, the one in docs/states.md."""
    lines = ["stateDiagram-v2", "    [*] --> PLANNED"]
    for state in State:
        lines += [f"    {state} --> {target}" for target in State if target in TRANSITIONS[state]]
    return "\n".join(lines)
