"""The listener of a gateway: DLRs and MOs are committed here, then acknowledged; its heartbeat allows sending.

What a DLR does to a message is the table of `sends.ledger.states`; what a reply (an MO, once it is in the ledger) means is
read by `replies`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, ScalarResult, select

from consent.acts.person_acts import ActKind, FactKind, Subject, record_fact, suppress
from partners_ingest.rows.phone import NOWHERE, read_phone
from sends.gateways.gateway import DlrStatus, EventKind, Gateway, GatewayEvent, GatewayUnreachable
from sends.gateways.routes import open_gateway
from sends.gateways.settings import read_gateway
from sends.inbound.matching import match_reports
from sends.inbound.replies import read_meaning
from sends.ledger.changes import Change, apply_changes, send_id_of
from sends.ledger.replies import Meaning
from sends.ledger.states import MAY_HAVE_LEFT, State
from stores.all_stores import Stores
from stores.operations.database import DatabaseUnavailable, RowRefused, insert_once, transaction
from stores.operations.message_tables import gateway_heartbeats, messages, replies
from stores.operations.plan_tables import plans
from stores.reserve import keep_reserve, write_in_reserve
from terms.clock import to_micros
from terms.failpoint import reach
from terms.identifiers import ContactId

_STATES: Mapping[DlrStatus, State] = MappingProxyType(
    {
        DlrStatus.ACCEPTED: State.ACCEPTED,
        DlrStatus.DELIVERED: State.DELIVERED,
        DlrStatus.UNDELIVERED: State.UNDELIVERED,
        DlrStatus.EXPIRED: State.EXPIRED,
    }
)

#: How long one question for events waits, and how long to wait before asking a gateway that did not answer again.
_WAIT_SECONDS, _RETRY_SECONDS = 1.0, 0.5

#: After a round of few reports the next gather this long, so that commits are not many (a STOP must count within a
#: second); after one of many it does not wait, for an operator tells only some tens before we acknowledge.
_GATHER_SECONDS, _FEW = 0.03, 25

#: Words come this seldom.
_TELL_SECONDS = 5.0


@dataclass(frozen=True)
class Intake:
    """What one round took in; `refused` events were not acknowledged, and the gateway tells them again."""

    reports: int
    replies: int
    stops: int
    refused: int = 0

    def plus(self, other: Intake) -> Intake:
        """Return the sum of two rounds; what was refused is counted by the later one."""
        return Intake(
            self.reports + other.reports, self.replies + other.replies, self.stops + other.stops, other.refused
        )


def listen(stores: Stores, name: str, say: Callable[[str], None], until: Callable[[], bool] = lambda: False) -> None:
    """Take in the events of a gateway until interrupted or `until` says so.

    Args:
        stores: the opened stores.
        name: of the gateway.
        say: takes one line of words and counts now and then.
        until: asked before each round; True ends.

    A database or a gateway that does not answer is waited for. Nothing is acknowledged that is not committed.

    Raises:
        UsageError: the gateway is not in `config/gateways/`.
    """
    settings = read_gateway(stores.settings.config / "gateways", name)
    gateway = open_gateway(settings, stores.settings.gateway_passwords)
    say(f"listener: taking in reports and replies of {name}")
    keep_reserve(stores.engine)
    told_at, kept_at, untold, trouble = time.monotonic(), time.monotonic(), Intake(0, 0, 0), ""
    while not until():
        try:
            intake = take_in(stores, name, gateway, _WAIT_SECONDS)
        except (
            DatabaseUnavailable,
            GatewayUnreachable,
        ) as error:  # nothing was acknowledged: the gateway tells it again
            now = f"{name} does not answer" if isinstance(error, GatewayUnreachable) else _in_words(error)
            if now != trouble:
                say(f"listener: {now}; asking again")
            trouble = now
            time.sleep(_RETRY_SECONDS)
            continue
        trouble = _refusal(intake, trouble, say)
        untold = untold.plus(intake)
        if time.monotonic() - kept_at >= _TELL_SECONDS:
            keep_reserve(stores.engine)  # given up on a full disk, it is made again once there is room
            kept_at = time.monotonic()
        if time.monotonic() - told_at >= _TELL_SECONDS and untold != Intake(0, 0, 0):
            say(f"listener: {untold.reports} reports, {untold.replies} replies, {untold.stops} STOP")
            told_at, untold = time.monotonic(), Intake(0, 0, 0)
        if intake.refused:
            time.sleep(_RETRY_SECONDS)
        elif 0 < intake.reports < _FEW:
            time.sleep(_GATHER_SECONDS)


def _in_words(error: DatabaseUnavailable) -> str:
    """Return what the database's trouble is, as the middle of a sentence."""
    told = str(error).partition(".")[0]
    return told[:1].lower() + told[1:]


def _refusal(intake: Intake, before: str, say: Callable[[str], None]) -> str:
    """Tell that rows were refused, once while it goes on, and return the trouble that there is now, in words."""
    if not intake.refused:
        return ""
    now = f"the operations database refused {intake.refused} events, which is a defect of ours; the others are taken in"
    if now != before:
        say(f"listener: {now}")
    return now


def take_in(stores: Stores, name: str, gateway: Gateway, wait_seconds: float) -> Intake:
    """Ask once for events, commit them with the heartbeat, then acknowledge; told again, they do no harm.

    Args:
        stores: the opened stores.
        name: of the gateway.
        gateway: the same, open.
        wait_seconds: how long to wait for the first event.

    Returns:
        how many DLRs and replies were taken in; a DLR of no message of ours counts too.

    Raises:
        GatewayUnreachable: the gateway does not answer; without its answer there is no heartbeat.
    """
    events = gateway.events(wait_seconds)
    if events:
        reach("listener.received")
    try:
        intake, taken = _commit(stores, name, events), events
    except RowRefused:
        intake, taken = _commit_each(stores, name, events)
    if taken:
        reach("listener.committed")
        gateway.acknowledge(taken)
        reach("listener.acknowledged")
    return intake


def _commit(stores: Stores, name: str, events: Sequence[GatewayEvent], *, beats: bool = True) -> Intake:
    """Commit events, with the heartbeat unless told otherwise."""

    def write() -> Intake:
        with transaction(stores.engine) as work:
            now = stores.clock.now()
            if beats:
                _beat(work, name, now)
            return _commit_events(work, stores, name, events, now)

    return write_in_reserve(stores.engine, write)


def _commit_each(stores: Stores, name: str, events: Sequence[GatewayEvent]) -> tuple[Intake, Sequence[GatewayEvent]]:
    """Commit events one by one, so that one that is refused holds no other up; return those that were committed too.

    A refused reply may be a STOP: then there is no heartbeat, and nothing leaves.
    """
    intake, taken, refused = Intake(0, 0, 0), list[GatewayEvent](), list[GatewayEvent]()
    for event in events:
        try:
            intake = intake.plus(_commit(stores, name, [event], beats=False))
            taken.append(event)
        except RowRefused:
            refused.append(event)
    if all(event.kind is EventKind.DLR for event in refused):
        _commit(stores, name, ())
    return replace(intake, refused=len(refused)), taken


def _commit_events(
    work: Connection, stores: Stores, name: str, events: Sequence[GatewayEvent], now: datetime
) -> Intake:
    reports = [event for event in events if event.kind is EventKind.DLR]
    answers = [event for event in events if event.kind is EventKind.MO]
    _take_reports(work, stores, name, reports, now)
    stops = sum(_take_reply(work, stores, name, event, now) for event in answers)
    return Intake(len(reports), len(answers), stops)


def _take_reports(work: Connection, stores: Stores, name: str, reports: Sequence[GatewayEvent], now: datetime) -> None:
    of_messages = _messages_of(work, stores, name, reports)
    changes = [
        Change(
            send_id=of_messages[event.event_id],
            state=_STATES[event.status],
            at=now,
            event_id=f"{name}.{event.event_id}",
            occurred_at=event.at,
            detail=event.gateway_message_id,
        )
        for event in reports
        if event.status is not None and event.event_id in of_messages
    ]
    apply_changes(work, changes, source="report")


def _messages_of(work: Connection, stores: Stores, name: str, reports: Sequence[GatewayEvent]) -> Mapping[str, str]:
    """Return the message that each DLR is about, by its `event_id`; one of no message of ours is left out."""
    unnamed = [event for event in reports if event.reference is None]
    contacts = _contacts_of(stores, unnamed)
    matched = match_reports(work, name, unnamed, contacts) if contacts else {}
    return {**_named_messages(work, reports), **matched}


def _named_messages(work: Connection, reports: Sequence[GatewayEvent]) -> Mapping[str, str]:
    """Return the messages of DLRs that name one by our reference."""
    named = {event.event_id: send_id_of(event.reference) for event in reports if event.reference is not None}
    wanted = messages.c.send_id.in_(set(named.values()))
    found: ScalarResult[str] = work.execute(select(messages.c.send_id).where(wanted)).scalars()
    known = set(found)
    return {event_id: send_id for event_id, send_id in named.items() if send_id in known}


def _contacts_of(stores: Stores, reports: Sequence[GatewayEvent]) -> Mapping[str, ContactId]:
    """Return who the phones of DLRs are, as far as they are phones."""
    phones = {event.phone: _subject_of(stores, event.phone) for event in reports if event.phone is not None}
    return {phone: subject.contact_id for phone, subject in phones.items() if subject and subject.contact_id}


def _take_reply(work: Connection, stores: Stores, name: str, event: GatewayEvent, now: datetime) -> bool:
    """Write a reply, without its text, and return whether it is a new STOP."""
    subject = _subject_of(stores, event.phone or "")
    contact_id = subject.as_known(work).contact_id if subject else None
    at = event.at or now
    meaning = read_meaning(event.text or "")
    row = {
        "reply_id": f"{name}.{event.event_id}",
        "gateway": name,
        "contact_id": contact_id,
        "at": to_micros(at),
        "known_at": to_micros(now),
        "meaning": meaning.value,
    }
    if not insert_once(work, replies, [row]) or contact_id is None:
        return False
    told_at = min(at, now)  # a gateway's clock that runs ahead must not delay a STOP
    if meaning is Meaning.YES:
        _take_yes(work, name, contact_id, told_at, now)
    if meaning is not Meaning.STOP:
        return False
    return suppress(work, contact_id, ActKind.STOP, f"reply to {name}", effective_at=told_at, known_at=now)


def _take_yes(work: Connection, name: str, contact_id: ContactId, at: datetime, now: datetime) -> None:
    """Write a yes down with the invitation that it answers; a yes to anything else is only a reply."""
    query = (
        select(messages.c.send_id)
        .join(plans, plans.c.plan_id == messages.c.plan_id)
        .where(
            messages.c.contact_id == contact_id,
            plans.c.gateway == name,
            plans.c.kind == "invitation",
            messages.c.state.in_([state.value for state in MAY_HAVE_LEFT]),
        )
        .order_by(messages.c.claimed_at.desc())
        .limit(1)
    )
    invitation: str | None = work.execute(query).scalar()
    if invitation is not None:
        source = f"yes to {name}"
        record_fact(work, contact_id, FactKind.REPLY, source, occurred_at=at, known_at=now, send_id=invitation)


def _subject_of(stores: Stores, sender: str) -> Subject | None:
    """Return who wrote; a gateway's E.164 counts as it stands even where the phone rule refuses it."""
    e164 = read_phone(sender, NOWHERE, stores.number_rules).e164 or sender
    return Subject.of(stores.keys, e164) if re.fullmatch(r"\+\d{6,15}", e164) else None


def _beat(work: Connection, name: str, now: datetime) -> None:
    seen = {"gateway": name, "seen_at": to_micros(now)}
    if not insert_once(work, gateway_heartbeats, [seen]):
        table = gateway_heartbeats
        work.execute(table.update().where(table.c.gateway == name).values(seen_at=seen["seen_at"]))
