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
    NOT_SENT = "not_sent"  # proof that no byte left: connection refused
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
    """A final delivery report, in SMPP's words."""

    DELIVERED = "DELIVRD"
    UNDELIVERED = "UNDELIV"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class GatewayEvent:
    """A report about one of our references, or a reply of a phone; `event_id` is the same when told again."""

    event_id: str
    kind: EventKind
    at: datetime
    reference: str | None = None
    status: ReportStatus | None = None
    gateway_message_id: str | None = None
    from_e164: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)


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


class GatewayUnreachable(Exception):
    """A gateway did not answer a question; holds no value of a person."""
