"""Changes: every move of a message from one state to another, in one place, each with its event, only forward.

What a gateway answers, and whether a message may leave, is decided elsewhere; claiming belongs to `claims`. Nothing here
opens a socket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Connection, Engine, String, Update, bindparam, false, func, or_, select, update

from sends.ledger.states import State, sources_of
from stores.operations import journal
from stores.operations.database import VALUES_AT_ONCE, insert_once, transaction
from stores.operations.message_tables import message_events, messages
from terms.batches import batched
from terms.canonical_json import canonical_json
from terms.clock import to_micros
from terms.identifiers import digest

#: Rows of one statement: each binds up to seven parameters, and SQLite allows 32,766.


@dataclass(frozen=True)
class Change:
    """What became of one message, at the instant at which we knew it.

    `codes` are those of the judgement at hand-over; `detail` says more in a word, never with a value of a person.
    `event_id` and `occurred_at` are the gateway's, where it tells them: an event told twice is one event.
    """

    send_id: str
    state: State
    at: datetime
    event_id: str | None = None
    occurred_at: datetime | None = None
    codes: tuple[str, ...] = ()
    gateway_message_id: str | None = None
    handed_over_at: datetime | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Judged:
    """Against what a batch was judged at hand-over."""

    base_version: str
    rule_set_sha256: str


def send_id_of(reference: str) -> str:
    """Return the message that a reference belongs to."""
    return reference.rpartition(".")[0]


def record(work: Connection, changes: Sequence[Change], judged: Judged, beside: Iterable[str] = ()) -> None:
    """Write what became of claimed messages, with what they were judged against.

    A DLR that overtook the answer has moved the message already: then only the gateway's id and the instant are added. Of
    a message that was called off meanwhile nothing is written: it did not leave.

    Args:
        work: the caller's transaction.
        changes: one per claimed message.
        judged: the base and the rules that the claim was judged by.
        beside: other messages that the same transaction will write: all are locked in one order.
    """
    there = lock_messages(work, [*(change.send_id for change in changes), *beside])
    ours = [change for change in changes if there.get(change.send_id, State.CANCELLED) is not State.CANCELLED]
    if ours:
        work.execute(_HAND_OVER, [_hand_over_values(change, judged) for change in ours])
        _apply(work, ours, "sender")


def lock_messages(work: Connection, send_ids: Iterable[str]) -> dict[str, State]:
    """Lock messages until the caller's transaction ends, and return the state of each that is there.

    PostgreSQL locks them by their key: sender, listener and erasure write the same rows, and in two orders they would deadlock. SQLite
    has one writer at a time.

    Args:
        work: the caller's transaction.
        send_ids: the messages; an id that an erasure has replaced is not there.
    """
    ids, found = sorted(set(send_ids)), dict[str, State]()
    for some in batched(ids, VALUES_AT_ONCE):
        rows = work.execute(_LOCKED, {"ids": some}).tuples()
        found |= {send_id: State(state) for send_id, state in rows}
    return found


def apply_changes(work: Connection, changes: Iterable[Change], *, source: str) -> int:
    """Move messages on where the table of transitions allows it and return how many moved.

    Every change leaves its event, moved or not: a late or repeated DLR is told, and does no harm. A change about an id that
    an erasure has replaced meanwhile is left out.

    Args:
        work: the caller's transaction.
        changes: what became of messages; any number.
        source: who tells it, in a word, as in `add_events`.
    """
    told = list(changes)
    there = lock_messages(work, [change.send_id for change in told])
    return _apply(work, [change for change in told if change.send_id in there], source)


def close_without_receipt(engine: Engine, plan_id: str, *, validity: timedelta, at: datetime) -> int:
    """Turn ACCEPTED messages whose validity and margin are over, without a final DLR, into NO_RECEIPT.

    Args:
        engine: the operations database.
        plan_id: the plan.
        validity: how long after its hand-over a message may still get its DLR.
        at: now.

    Returns:
        how many messages were closed.
    """
    late = (
        (messages.c.plan_id == plan_id)
        & (messages.c.state == State.ACCEPTED.value)
        & (messages.c.state_at <= to_micros(at - validity))
    )
    with transaction(engine) as work:
        changes = [Change(send_id, State.NO_RECEIPT, at) for send_id in _ids(work, late)]
        return apply_changes(work, changes, source="sender")


def cancel_planned(work: Connection, plan_id: str, at: datetime) -> int:
    """Cancel what is PLANNED and return how many.

    Args:
        work: the caller's transaction.
        plan_id: the plan.
        at: the instant that the events get.
    """
    waiting = (messages.c.plan_id == plan_id) & (messages.c.state == State.PLANNED.value)
    changes = [Change(send_id, State.CANCELLED, at) for send_id in _ids(work, waiting)]
    return apply_changes(work, changes, source="control")


def journal_batch(work: Connection, plan_id: str, run_id: str, at: datetime, counts: Mapping[State, int]) -> None:
    """Write one journal line for what a run did to a plan.

    Args:
        work: the caller's transaction.
        plan_id: the plan.
        run_id: id of the run, 32 hex digits.
        at: now.
        counts: how many messages the run brought into which state.
    """
    payload: dict[str, object] = {"run_id": run_id, "states": {state.value: number for state, number in counts.items()}}
    journal.append(work, at, journal.Entry.SENDS, plan_id, payload)


def add_events(work: Connection, changes: Sequence[Change], source: str) -> None:
    """Write the events of changes, each once; a change told again leaves no second one.

    Args:
        work: the caller's transaction.
        changes: what became of messages, one event each.
        source: who tells it, in a word: sender, report, reconciliation, control.
    """
    rows = [_event_row(change, source) for change in changes]
    for some in batched(rows, VALUES_AT_ONCE):
        insert_once(work, message_events, some)


def _apply(work: Connection, wanted: Sequence[Change], source: str) -> int:
    """Move messages that are locked, with their events, and return how many moved."""
    groups: dict[State, list[Change]] = {}
    for change in wanted:
        groups.setdefault(change.state, []).append(change)
    moved = sum(_move(work, state, group) for state, group in groups.items())
    add_events(work, wanted, source)
    return moved


@cache
def _moving(state: State) -> Update:
    """Return the statement that moves a message to a state; one that waits again has not left."""
    allowed = or_(false(), *(messages.c.state == source.value for source in sources_of(state)))
    moved: dict[str, object] = {"state": state.value, "state_at": bindparam("moved_at")}
    if state is State.PLANNED:
        moved["handed_over_at"] = None
    return update(messages).where(messages.c.send_id == bindparam("moved_id"), allowed).values(**moved)


def _move(work: Connection, state: State, changes: Sequence[Change]) -> int:
    """Move messages to one state, each at its own instant: one statement, many rows."""
    rows = [{"moved_id": change.send_id, "moved_at": to_micros(change.at)} for change in changes]
    return work.execute(_moving(state), rows, execution_options={"preserve_rowcount": True}).rowcount


def _ids(work: Connection, condition: ColumnElement[bool]) -> Sequence[str]:
    found: Sequence[str] = work.execute(select(messages.c.send_id).where(condition)).scalars().all()
    return found


#: Ordered by the key, which says in which order PostgreSQL locks.
_LOCKED = (
    select(messages.c.send_id, messages.c.state)
    .where(messages.c.send_id.in_(bindparam("ids", expanding=True)))
    .order_by(messages.c.send_id)
    .with_for_update()
)

#: What a hand-over leaves on its message; an id that a report brought first stays.
_HAND_OVER = (
    update(messages)
    .where(messages.c.send_id == bindparam("handed_id"))
    .values(
        codes_json=bindparam("codes"),
        judged_base_version=bindparam("base"),
        judged_rule_set_sha256=bindparam("rules"),
        handed_over_at=bindparam("handed_at"),
        gateway_message_id=func.coalesce(bindparam("gateway_id", type_=String), messages.c.gateway_message_id),
    )
)


def _hand_over_values(change: Change, judged: Judged) -> dict[str, object]:
    return {
        "handed_id": change.send_id,
        "codes": canonical_json(sorted(change.codes)),
        "base": judged.base_version,
        "rules": judged.rule_set_sha256,
        "handed_at": None if change.handed_over_at is None else to_micros(change.handed_over_at),
        "gateway_id": change.gateway_message_id,
    }


def _event_row(change: Change, source: str) -> dict[str, object]:
    own_id = digest(change.send_id, change.state.value, str(to_micros(change.at)), source)[:32]
    return {
        "event_id": change.event_id or own_id,
        "send_id": change.send_id,
        "at": to_micros(change.occurred_at or change.at),
        "known_at": to_micros(change.at),
        "state": change.state.value,
        "source": source,
        "detail": change.detail,
    }
