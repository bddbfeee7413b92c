"""What every gateway offers, whatever its protocol: take messages one by one, say what it received, tell its events.

It fits a window of `submit_sm` (a message is taken when a slot is free, its id comes in a later answer), Kannel (202
without an id) and HTTP providers alike. No client may retry by itself: what has no answer is UNKNOWN.

Words: a *hand-over* is one message given to a gateway, a *DLR* (delivery report) what the operator tells about it
later, an *MO* a message that a phone sent. What they do to a message of the ledger does not belong here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from terms.identifiers import digest


@dataclass(frozen=True)
class Outgoing:
    """One message on its way: `reference` is our id of this attempt, echoed by the gateway in everything."""

    reference: str
    to: str = field(repr=False)
    sender: str
    text: str
    validity_minutes: int


class Answer(StrEnum):
    """What came of handing one message over."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # refused by answer
    NOT_SENT = "not_sent"  # proof that no byte of it left: no connection could be made
    THROTTLED = "throttled"  # refused by answer for now: it was not taken, and may be handed over later, slower
    UNKNOWN = "unknown"  # anything else


@dataclass(frozen=True)
class HandOver:
    """The answer for one message; `detail` is a status in a word and never holds a number."""

    reference: str
    answer: Answer
    gateway_message_id: str | None = None
    detail: str | None = None


class Proof(StrEnum):
    """What a gateway can prove about a reference."""

    RECEIVED = "received"
    ABSENT = "absent"  # its record is whole and does not hold the reference
    NONE = "none"


@dataclass(frozen=True)
class HandOverProof:
    """The answer to "did you get this reference?"; the id only where it was received and the gateway tells it."""

    proof: Proof
    gateway_message_id: str | None = None


class EventKind(StrEnum):
    """What a gateway tells by itself; the values are those of the local simulator's protocol."""

    DLR = "report"
    MO = "reply"


class DlrStatus(StrEnum):
    """What a DLR says, in SMPP's words; all but ACCEPTED are final."""

    ACCEPTED = "ACCEPTD"  # on its way: evidence that it was handed over
    DELIVERED = "DELIVRD"
    UNDELIVERED = "UNDELIV"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class GatewayEvent:
    """A DLR about a message of ours, or an MO; a DLR's `event_id` is the same when told again.

    `at` is when it happened, where the protocol tells it. A DLR names its message by `reference`, or, where the
    protocol echoes none, by `gateway_message_id`, `phone` and `mark` (see `mark_of`). `status` is None for a
    DLR that says nothing new. `phone` is E.164: whom the DLR is about, or who wrote the MO.
    """

    event_id: str
    kind: EventKind
    at: datetime | None = None
    reference: str | None = None
    status: DlrStatus | None = None
    gateway_message_id: str | None = None
    mark: int | None = None
    phone: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)


def mark_of(reference: str) -> int:
    """Return 1 to 65,535 for a reference: what SMPP's user_message_reference can carry, to tell two attempts apart."""
    return int(digest(reference)[:8], 16) % 0xFFFF + 1


class Gateway(Protocol):
    """One route to phones. Each message handed over gets exactly one answer, from `hand_over` or from `finish`."""

    def hand_over(self, message: Outgoing) -> Sequence[HandOver]:
        """Hand one message over now, then wait until the next may follow; return the answers that came meanwhile.

        They may be about earlier messages, and the answer to this one may come later.
        """
        ...

    def finish(self) -> Sequence[HandOver]:
        """Wait for the answers that are still out, and return them; one that is overdue is UNKNOWN."""
        ...

    def received(self, reference: str) -> HandOverProof:
        """Return what the gateway can prove about a reference."""
        ...

    def events(self, wait_seconds: float) -> Sequence[GatewayEvent]:
        """Return events that were not acknowledged yet, waiting for the first up to a time.

        Raises:
            GatewayUnreachable: the gateway does not answer.
        """
        ...

    def acknowledge(self, events: Sequence[GatewayEvent]) -> None:
        """Tell the gateway that events are committed here and need not be told again.

        Raises:
            GatewayUnreachable: the gateway does not answer; the events will be told again.
        """
        ...

    def close(self) -> None:
        """Let connections go; what was not acknowledged is told again to the next client."""
        ...


class GatewayUnreachable(Exception):
    """A gateway did not answer a question; holds no value of a person."""
