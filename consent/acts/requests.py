"""What people asked of us and by when it must be answered: listing by id and clock, answering, complaints about an ad.

Entering a person's act belongs to `act_entry`; what the answer to an access request must hold to `access_requests`.
Numbers and contacts are not told here: a request is known by its id and by the source that a person wrote down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Engine, Row, Select, select

from consent.acts.access_requests import missing_lists
from consent.acts.act_entry import ActDesk
from consent.acts.person_acts import ActKind, Entered, FactKind, record_fact
from consent.acts.request_clock import complaint_late_at
from stores.operations import journal
from stores.operations.database import insert_once, transaction
from stores.operations.person_tables import request_answers, requests
from stores.operations.plan_tables import plans
from terms.clock import from_micros, to_iso, to_micros
from terms.errors import Refused, UsageError
from terms.free_text import refuse_number
from terms.identifiers import ContactId, digest

#: The kind of a complaint about an ad, beside the kinds of a person's requests.
COMPLAINT = "complaint"


class Clock(StrEnum):
    """How far a request is."""

    OPEN = "open"
    LATE = "late"
    ANSWERED = "answered"


@dataclass(frozen=True)
class Request:
    """One request with its clock; `late_at` is the first instant at which it is late."""

    request_id: str
    kind: str
    clock: Clock
    received_at: datetime
    late_at: datetime
    answered_at: datetime | None
    campaign_id: str | None
    source: str
    relayed_by: str | None
    reason: str | None

    def to_json(self) -> dict[str, object]:
        """Return the request as the command prints it."""
        return {
            "request_id": self.request_id,
            "kind": self.kind,
            "clock": self.clock.value,
            "received_at": to_iso(self.received_at),
            "late_at": to_iso(self.late_at),
            "answered_at": None if self.answered_at is None else to_iso(self.answered_at),
            "campaign_id": self.campaign_id,
            "source": self.source,
            "relayed_by": self.relayed_by,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Answer:
    """An answer that went out: when, what it was in words, and for an access request which lists it held."""

    answered_at: datetime
    words: str
    lists: tuple[str, ...] = ()


def open_requests(engine: Engine, now: datetime, within: timedelta | None = None) -> list[Request]:
    """Return the requests without an answer, the most urgent first.

    Args:
        engine: the operations database.
        now: instant at which the clocks are read.
        within: only those that are late by the end of this time; None = all.
    """
    query = _requests().where(request_answers.c.request_id.is_(None))
    if within is not None:
        query = query.where(requests.c.late_at <= to_micros(now + within))
    return _found(engine, query, now)


def all_requests(engine: Engine, now: datetime) -> list[Request]:
    """Return every request, answered or not, by its clock."""
    return _found(engine, _requests(), now)


def complain(desk: ActDesk, campaign_id: str, received_at: datetime, source: str, reason: str = "") -> str:
    """Take in a complaint about an ad and return its id; unanswered for more than 48 hours it holds the campaign (R-51).

    Args:
        desk: what entering acts needs.
        campaign_id: of the ad.
        received_at: when the complaint came (aware).
        source: how it came, in words without a number.
        reason: what it says, in words without a number; it may be empty.

    Raises:
        UsageError: no plan is of this campaign, the instant lies in the future, or a text is missing or holds a number.
    """
    entered = desk.entered()
    _check_text(source, "The source")
    refuse_number(reason, "The reason")
    if received_at > entered.at:
        raise UsageError("The complaint lies in the future.", "Correct --received-at.")
    request_id = digest(COMPLAINT, campaign_id, str(to_micros(received_at)), source.strip())[:32]
    row: dict[str, object] = {
        "request_id": request_id,
        "kind": COMPLAINT,
        "contact_id": None,
        "campaign_id": campaign_id,
        "received_at": to_micros(received_at),
        "late_at": to_micros(complaint_late_at(received_at)),
        "source": source.strip(),
        "relayed_by": None,
        "reason": reason.strip() or None,
        "entered_at": to_micros(entered.at),
        "entered_by": entered.by,
    }
    with transaction(desk.stores.engine) as work:
        if work.execute(select(plans.c.plan_id).where(plans.c.campaign_id == campaign_id).limit(1)).first() is None:
            raise UsageError(f"There is no plan of the campaign {campaign_id}.", "Use the campaign_id of its order.")
        if insert_once(work, requests, [row]):
            told = ("kind", "campaign_id", "received_at", "late_at", "source")
            journal.append(work, entered.at, journal.Entry.REQUEST, request_id, {name: row[name] for name in told})
    return request_id


def answer_request(desk: ActDesk, request_id: str, answer: Answer) -> int:
    """Record that a request was answered and return how many requests that closes.

    The answer to an access request holds everything up to its day: it closes every earlier one of the same person.

    Args:
        desk: what entering acts needs.
        request_id: as entering the request returned it.
        answer: when and what was answered.

    Raises:
        UsageError: no such request, an instant before it or in the future, or words missing or with a number.
        Refused: it is answered already, or the answer to an access request lacks a list (DSAR_INCOMPLETE).
    """
    entered = desk.entered()
    _check_text(answer.words, "The answer")
    with transaction(desk.stores.engine) as work:
        row = work.execute(select(requests).where(requests.c.request_id == request_id)).first()
        if row is None:
            raise UsageError(f"There is no request {request_id}.", "See `filiation requests`.")
        _check_answer(row, answer, entered.at)
        closed = _close(work, _closed_by(work, row, answer.answered_at), answer, entered)
        if not closed:
            raise Refused(f"Request {request_id} is answered already.", "See `filiation requests --all`.")
        if row.kind == ActKind.ACCESS.value and row.contact_id is not None:
            record_fact(
                work,
                ContactId(row.contact_id),
                FactKind.ACCESS_ANSWER,
                f"answer to request {request_id}",
                occurred_at=answer.answered_at,
                known_at=entered.at,
            )
    return closed


def _check_text(text: str, what: str) -> None:
    if not text.strip():
        raise UsageError(f"{what} is missing.", "It is kept for whoever asks later.")
    refuse_number(text, what)


def _check_answer(row: Row[tuple[object, ...]], answer: Answer, now: datetime) -> None:
    if not row.received_at <= to_micros(answer.answered_at) <= to_micros(now):
        raise UsageError("An answer goes out after its request and not in the future.", "Correct --at.")
    missing = missing_lists(answer.lists) if row.kind == ActKind.ACCESS.value else ()
    if missing:
        raise Refused(
            f"The answer to an access request lacks: {', '.join(missing)} (DSAR_INCOMPLETE, R-19).",
            "Send all four lists, then name each with --list.",
            code="DSAR_INCOMPLETE",
        )


def _closed_by(work: Connection, row: Row[tuple[object, ...]], answered_at: datetime) -> Sequence[str]:
    if (
        row.kind != ActKind.ACCESS.value or row.contact_id is None
    ):  # whose the others of an erased person are, nobody knows
        return [row.request_id]
    earlier = select(requests.c.request_id).where(
        requests.c.contact_id == row.contact_id,
        requests.c.kind == row.kind,
        requests.c.received_at <= to_micros(answered_at),
    )
    found: Sequence[str] = work.execute(earlier).scalars().all()
    return found


def _close(work: Connection, request_ids: Sequence[str], answer: Answer, entered: Entered) -> int:
    closed = 0
    for request_id in request_ids:
        row: dict[str, object] = {
            "request_id": request_id,
            "answered_at": to_micros(answer.answered_at),
            "answer": answer.words.strip(),
            "entered_at": to_micros(entered.at),
            "entered_by": entered.by,
        }
        if insert_once(work, request_answers, [row]):
            closed += 1
            told = {"answered_at": row["answered_at"], "lists": sorted(answer.lists)}
            journal.append(work, entered.at, journal.Entry.REQUEST_ANSWER, request_id, told)
    return closed


def _requests() -> Select[tuple[object, ...]]:
    return (
        select(*requests.c, request_answers.c.answered_at)
        .outerjoin(request_answers, requests.c.request_id == request_answers.c.request_id)
        .order_by(requests.c.late_at, requests.c.request_id)
    )


def _found(engine: Engine, query: Select[tuple[object, ...]], now: datetime) -> list[Request]:
    with engine.connect() as work:
        return [_request(row, to_micros(now)) for row in work.execute(query)]


def _request(row: Row[tuple[object, ...]], now: int) -> Request:
    is_open = row.answered_at is None
    clock = (Clock.LATE if row.late_at <= now else Clock.OPEN) if is_open else Clock.ANSWERED
    return Request(
        request_id=row.request_id,
        kind=row.kind,
        clock=clock,
        received_at=from_micros(row.received_at),
        late_at=from_micros(row.late_at),
        answered_at=None if is_open else from_micros(row.answered_at),
        campaign_id=row.campaign_id,
        source=row.source,
        relayed_by=row.relayed_by,
        reason=row.reason,
    )
