"""What every gateway offers, whatever its protocol: hand over lazily, tell what it received, tell events until acknowledged.

It fits a window of `submit_sm` (messages are pulled as slots come free, ids come in the response, `deliver_sm` is
acknowledged after our commit), Kannel (202 without an id, reports by callback) and HTTP providers alike. No client
may retry by itself: what has no answer is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
class Receipt:
    """The answer to "did you get this reference?"."""

    proof: Proof
    gateway_message_id: str | None = None


class EventKind(StrEnum):
    """What a gateway tells by itself."""

    REPORT = "report"
    REPLY = "reply"


class ReportStatus(StrEnum):
    """What a report says, in SMPP's words; all but ACCEPTED are final."""

    ACCEPTED = "ACCEPTD"  # on its way: evidence that it was handed over
    DELIVERED = "DELIVRD"
    UNDELIVERED = "UNDELIV"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class GatewayEvent:
    """A report about a message of ours, or a reply of a phone; a report's `event_id` is the same when told again.

    `at` is when it happened, where the protocol tells it. A report names its message by `reference`, or, where the
    protocol echoes none, by `gateway_message_id`, `phone` and `mark` (see `mark_of`). `status` is null for a
    report that says nothing new. `phone` is E.164: whom the report is about, or who replied.
    """

    event_id: str
    kind: EventKind
    at: datetime | None = None
    reference: str | None = None
    status: ReportStatus | None = None
    gateway_message_id: str | None = None
    mark: int | None = None
    phone: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)


def mark_of(reference: str) -> int:
    """Return 1 to 65,535 for a reference: what SMPP's user_message_reference can carry, to tell two attempts apart."""
    return int(digest(reference)[:8], 16) % 0xFFFF + 1


class Gateway(Protocol):
    """One route to phones."""

    def hand_over(self, messages: Iterator[Outgoing]) -> Iterator[HandOver]:
        """Hand messages over, pulling each at the last moment, and yield one answer per message pulled."""
        ...

    def received(self, reference: str) -> Receipt:
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
