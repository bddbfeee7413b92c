"""The trace of a message: plan, approval, judgement at its instant, opt-ins, territory.

It reads what other rooms wrote and joins it; the judgement is asked of the base by the message's instants. The
provenance of a number is read by `lineage.lookups.lookup`; proofs of a trace are put together in
`lineage.papers.passport`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from lineage.lookups.access_log import Access, record_access
from lineage.lookups.judged_use import JudgedUse, judge_contact
from lineage.lookups.origins import Origins, OriginSources, read_origins
from lineage.lookups.provenance import OptIn, Territory
from lineage.lookups.reactions import Reaction, reactions_of
from sends.ledger.messages import count_states
from sends.ledger.plan_rows import PlanRow, find_plan
from sends.plans.approval import context_of
from sends.plans.judging import use_of
from stores.all_stores import Stores
from stores.engine import without_pandas
from stores.operations import message_tables, plan_tables
from stores.warehouse.questions import Questions
from stores.warehouse.warehouse import read_manifest
from terms.clock import from_micros, to_iso
from terms.errors import UsageError


@dataclass(frozen=True)
class MessageTrace:
    """What the ledger says of a message: its state, what it was judged by, and each change of its state."""

    send_id: str
    contact_id: str
    plan_id: str
    state: str
    state_at: datetime
    bureau_code: str | None
    planned_base_version: str
    judged_base_version: str | None
    judged_rule_set_sha256: str | None
    codes: tuple[str, ...]
    claimed_at: datetime | None
    handed_over_at: datetime | None
    gateway_message_id: str | None
    message_sha256: str
    events: tuple[MessageEvent, ...]

    @property
    def judged_at(self) -> datetime:
        """The instant whose law and knowledge decided: of the hand-over, else of the last change."""
        return self.handed_over_at or self.state_at

    def to_json(self) -> dict[str, object]:
        """Return the message as `filiation trace` prints it."""
        return {
            "send_id": self.send_id,
            "contact_id": self.contact_id,
            "state": self.state,
            "state_at": to_iso(self.state_at),
            "bureau": self.bureau_code,
            "planned_base_version": self.planned_base_version,
            "judged_base_version": self.judged_base_version,
            "judged_rule_set_sha256": self.judged_rule_set_sha256,
            "codes": list(self.codes),
            "claimed_at": _iso(self.claimed_at),
            "handed_over_at": _iso(self.handed_over_at),
            "gateway_message_id": self.gateway_message_id,
            "message_sha256": self.message_sha256,
            "events": [event.to_json() for event in self.events],
        }


@dataclass(frozen=True)
class MessageEvent:
    """One change of state: when it happened, when we knew, and who said so."""

    state: str
    at: datetime
    known_at: datetime
    source: str
    detail: str | None

    def to_json(self) -> dict[str, object]:
        """Return the event as `filiation trace` prints it."""
        return {
            "state": self.state,
            "at": to_iso(self.at),
            "known_at": to_iso(self.known_at),
            "source": self.source,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class PlanTrace:
    """A plan with what a person decided of it; no contact, no number."""

    plan: PlanRow
    states: dict[str, int]
    approved_by: str | None
    approved_at: datetime | None
    lifts: tuple[tuple[str, str, str], ...]  # code, by whom, why
    bureaux: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return the plan as `filiation trace` prints it."""
        plan = self.plan
        return {
            "plan_id": plan.plan_id,
            "campaign": plan.campaign_id,
            "sponsor": plan.sponsor_id,
            "election": plan.election,
            "round": plan.round,
            "gateway": plan.gateway,
            "order": json.loads(plan.order_json),
            "order_sha256": plan.order_sha256,
            "message_sha256": plan.message_sha256,
            "base_version": plan.base_version,
            "rule_set_sha256": plan.rule_set_sha256,
            "findings": json.loads(plan.findings_json),
            "window": {"from": to_iso(plan.opens_at), "to": to_iso(plan.closes_at)},
            "planned_by": plan.planned_by,
            "planned_at": to_iso(from_micros(plan.planned_at)),
            "state": plan.state,
            "planned": plan.contacts,
            "states": self.states,
            "approval": self.approved_by and {"by": self.approved_by, "at": _iso(self.approved_at)},
            "lifts": [{"code": code, "by": by, "why": why} for code, by, why in self.lifts],
            "reserved_bureaux": list(self.bureaux),
        }


@dataclass(frozen=True)
class SendTrace:
    """The whole chain of one message; `opt_ins` hold page addresses: given to whoever asked, logged nowhere."""

    message: MessageTrace
    plan: PlanTrace
    judged: JudgedUse
    opt_ins: tuple[OptIn, ...]
    territory: Territory | None
    replies: tuple[Reaction, ...]  # by the message's gateway, known since it was handed over

    def to_json(self) -> dict[str, object]:
        """Return the object of `filiation trace send --json`."""
        judged = self.judged.to_json()
        return {
            "message": self.message.to_json(),
            "plan": self.plan.to_json(),
            "judgement": {name: value for name, value in judged.items() if name != "number"},
            "opt_ins": [opt_in.to_json() for opt_in in self.opt_ins],
            "territory": self.territory.to_json() if self.territory else None,
            "replies": [reply.to_json() for reply in self.replies],
        }


def trace_send(stores: Stores, name: str, *, reason: str) -> SendTrace:
    """Return the chain of the message that a send id or a gateway's message id names; the access is logged first.

    Args:
        stores: the opened stores.
        name: a send id, or a gateway's message id.
        reason: why; recorded.

    Raises:
        UsageError: no reason, or no message has this id.
        Refused: no base is published.
    """
    with stores.engine.connect() as reading:
        message = find_message(reading, name)
    return _trace_messages(stores, [message], reason)[0]


def _trace_messages(stores: Stores, messages: Sequence[MessageTrace], reason: str) -> list[SendTrace]:
    """Trace messages of one person by one logged access, each judged by its own instant; each plan is read once."""
    with stores.engine.connect() as reading:
        plans = {plan_id: _plan_trace(reading, plan_id) for plan_id in {message.plan_id for message in messages}}
    subjects = sorted({message.contact_id for message in messages})
    record_access(stores.engine, stores.clock, Access("trace", stores.settings.actor, reason, None, subjects))
    contexts = {plan_id: context_of(stores, plan.plan) for plan_id, plan in plans.items()}
    known: dict[datetime, Origins] = {}
    reactions = reactions_of(stores.engine, subjects)
    found = []
    with without_pandas(), stores.warehouse.open_base_for_few() as base, stores.engine.connect() as ledger:
        rules = stores.number_rules
        sources = OriginSources(Questions(base), read_manifest(base).deliveries, ledger, stores.vault, rules)
        for message in messages:
            at, contact_id = message.judged_at, message.contact_id
            use = use_of(stores, contexts[message.plan_id], at, at)
            judged = judge_contact(base, stores.engine, contact_id, use)
            if at not in known:
                known[at] = read_origins(sources, subjects, at)
            origins = known[at]
            opt_ins = tuple(origins.opt_ins.get(contact_id, ()))
            territory = origins.territories.get(contact_id)
            replies = _replies_to(message, plans[message.plan_id].plan.gateway, reactions.get(contact_id, ()))
            found.append(SendTrace(message, plans[message.plan_id], judged, opt_ins, territory, replies))
    return found


def _replies_to(message: MessageTrace, gateway: str, told: Sequence[Reaction]) -> tuple[Reaction, ...]:
    """Return what the person wrote back since the message left: no operator says which message a reply answers."""
    left = message.handed_over_at
    if left is None:
        return ()
    return tuple(one for one in told if one.is_reply and one.source == gateway and one.known_at >= left)


def trace_plan(stores: Stores, plan_id: str, *, reason: str | None = None) -> PlanTrace:
    """Return what a plan was and what people decided about it.

    Args:
        stores: the opened stores.
        plan_id: of the plan.
        reason: why; recorded if given. No person is looked up, so none is needed.

    Raises:
        UsageError: no plan has this id, or the reason given is blank.
    """
    with stores.engine.connect() as reading:
        trace = _plan_trace(reading, plan_id)
    if reason is not None:
        record_access(stores.engine, stores.clock, Access("trace", stores.settings.actor, reason, None, [plan_id]))
    return trace


def trace_line(stores: Stores, delivery_id: str, line: int, *, reason: str) -> list[SendTrace]:
    """Return the chain of each message to the person whose opt-in is at a line of a delivery, the oldest first.

    Args:
        stores: the opened stores.
        delivery_id: of the delivery.
        line: 1-based number of the physical line at which the opt-in starts.
        reason: why; recorded.

    Raises:
        UsageError: no reason, or no accepted opt-in row starts at this line.
    """
    with stores.warehouse.open_base_for_few() as base:
        row = base.execute(
            "select contact_id::varchar from opt_ins where delivery_id = ? and line_number = ?", [delivery_id, line]
        ).fetchone()
    if row is None:
        raise UsageError(
            f"No accepted opt-in row starts at line {line} of {delivery_id}.",
            "See `filiation quarantine` for rows that were not accepted.",
        )
    table = message_tables.messages
    with stores.engine.connect() as reading:
        query = select(table.c.send_id).where(table.c.contact_id == row[0]).order_by(table.c.state_at, table.c.send_id)
        names: list[str] = list(reading.execute(query).scalars())
        messages = [find_message(reading, name) for name in names]
    if not messages:
        record_access(stores.engine, stores.clock, Access("trace", stores.settings.actor, reason, None, [row[0]]))
        return []
    return _trace_messages(stores, messages, reason)


def find_message(reading: Connection, name: str) -> MessageTrace:
    """Return the message that a send id or a gateway's message id names.

    Raises:
        UsageError: none, or several gateways used this id.
    """
    table, events = message_tables.messages, message_tables.message_events
    found = reading.execute(select(table).where(table.c.send_id == name)).all()
    found = found or reading.execute(select(table).where(table.c.gateway_message_id == name).limit(2)).all()
    if len(found) != 1:
        what = "No message has" if not found else "Several messages have"
        raise UsageError(f"{what} this id.", "Give a send id as `filiation lineage` prints it.")
    told = select(events).where(events.c.send_id == found[0].send_id).order_by(events.c.known_at, events.c.event_id)
    return _message(found[0], [_event(row) for row in reading.execute(told)])


def _message(row: Row[Any], events: list[MessageEvent]) -> MessageTrace:
    return MessageTrace(
        send_id=row.send_id,
        contact_id=row.contact_id,
        plan_id=row.plan_id,
        state=row.state,
        state_at=from_micros(row.state_at),
        bureau_code=row.bureau_code,
        planned_base_version=row.planned_base_version,
        judged_base_version=row.judged_base_version,
        judged_rule_set_sha256=row.judged_rule_set_sha256,
        codes=tuple(json.loads(row.codes_json)),
        claimed_at=_instant(row.claimed_at),
        handed_over_at=_instant(row.handed_over_at),
        gateway_message_id=row.gateway_message_id,
        message_sha256=row.message_sha256,
        events=tuple(events),
    )


def _event(row: Row[Any]) -> MessageEvent:
    return MessageEvent(row.state, from_micros(row.at), from_micros(row.known_at), row.source, row.detail)


def _plan_trace(reading: Connection, plan_id: str) -> PlanTrace:
    plan = find_plan(reading, plan_id)
    approvals, lifts, held = plan_tables.approvals, plan_tables.plan_lifts, plan_tables.bureau_reservations
    approval = reading.execute(select(approvals).where(approvals.c.plan_id == plan_id)).first()
    lifted = reading.execute(select(lifts).where(lifts.c.plan_id == plan_id).order_by(lifts.c.code)).all()
    bureau = held.c.bureau_code
    reserved = select(bureau).where(held.c.plan_id == plan_id).distinct().order_by(bureau)
    bureaux: list[str] = list(reading.execute(reserved).scalars())
    return PlanTrace(
        plan=plan,
        states=_states(reading, plan_id),
        approved_by=approval.approved_by if approval else None,
        approved_at=from_micros(approval.approved_at) if approval else None,
        lifts=tuple((row.code, row.lifted_by, row.why) for row in lifted),
        bureaux=tuple(bureaux),
    )


def _states(reading: Connection, plan_id: str) -> dict[str, int]:
    return {state.value: number for state, number in count_states(reading, plan_id).items()}


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else to_iso(instant)
