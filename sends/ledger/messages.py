"""The ledger: every change of a message's state, in one place, each with its event, state only forward.

A claim is committed before a byte leaves. What a gateway answers, and whether a message may leave, is decided
elsewhere; nothing here opens a socket.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Row, String, bindparam, false, func, or_, select, update

from sends.ledger.states import State, sources_of
from stores.operations import journal
from stores.operations.database import insert_once, transaction
from stores.operations.message_tables import message_events, messages
from stores.operations.plan_tables import plans
from terms.canonical_json import canonical_json
from terms.clock import from_micros, to_micros
from terms.errors import Refused, UsageError
from terms.identifiers import digest

_CHUNK = 500


@dataclass(frozen=True)
class PlanRow:
    """A plan as it stands in the ledger."""

    plan_id: str
    campaign_id: str
    order_json: str
    order_sha256: str
    election: str
    round: int
    sponsor_id: str
    gateway: str
    base_version: str
    rule_set_sha256: str
    message_sha256: str
    state: str
    findings_json: str
    contacts: int
    window_from: int
    window_to: int
    planned_by: str
    planned_at: int
    is_paused: int

    @property
    def has_ended(self) -> bool:
        """Return whether a person ended the plan: nothing of it may leave any more."""
        return self.state in ("stopped", "released")

    @property
    def opens_at(self) -> datetime:
        """Return the first instant of the window."""
        return from_micros(self.window_from)

    @property
    def closes_at(self) -> datetime:
        """Return the end of the window."""
        return from_micros(self.window_to)


@dataclass(frozen=True)
class Claim:
    """One message claimed by this run: no other run will touch it."""

    send_id: str
    contact_id: str
    position: int
    attempt: int
    message_sha256: str

    @property
    def reference(self) -> str:
        """Return our own id of this attempt, which goes into every field that the gateway echoes."""
        return f"{self.send_id}.{self.attempt}"


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


def find_plan(work: Connection, plan_id: str) -> PlanRow:
    """Return a plan.

    Raises:
        UsageError: there is none of this id.
    """
    columns = [plans.c[name] for name in PlanRow.__dataclass_fields__]
    row = work.execute(select(*columns).where(plans.c.plan_id == plan_id)).mappings().first()
    if row is None:
        raise UsageError(f"There is no plan {plan_id}.", "Use the plan_id that `filiation campaign plan` printed.")
    return PlanRow(**row)


def change_plan_state(work: Connection, plan_id: str, *, of: Sequence[str], to: str) -> None:
    """Move a plan on.

    Raises:
        Refused: it is in none of the states that this is allowed in.
    """
    moved = work.execute(
        update(plans).where(plans.c.plan_id == plan_id, plans.c.state.in_(of)).values(state=to)
    ).rowcount
    if not moved:
        state = find_plan(work, plan_id).state
        raise Refused(f"Plan {plan_id} is {state}; this needs it to be {' or '.join(of)}.", "See `campaign status`.")


def recover_claims(engine: Engine, at: datetime) -> int:
    """Turn every CLAIMED message of dead runs into UNKNOWN and return how many; the caller holds the sender's lock."""
    with transaction(engine) as work:
        claimed = _ids(work, messages.c.state == State.CLAIMED.value)
        return apply_changes(
            work,
            [Change(send_id, State.UNKNOWN, at, detail="the run died with the claim") for send_id in claimed],
            source="sender",
        )


def claim_batch(work: Connection, plan_id: str, *, after: int, size: int, run_id: str, at: datetime) -> list[Claim]:
    """Claim the next PLANNED messages behind a position; nothing may leave before the caller has committed."""
    instant = to_micros(at)
    claiming = {"of_plan": plan_id, "behind": after, "most": size, "instant": instant, "run": run_id}
    rows = work.execute(_CLAIM, claiming).all()
    claims = sorted((_claim(row) for row in rows), key=lambda claim: claim.position)
    _add_events(work, [Change(claim.send_id, State.CLAIMED, at, detail=claim.reference) for claim in claims], "sender")
    return claims


def next_contacts(work: Connection, plan_id: str, *, after: int, size: int) -> Sequence[str]:
    """Return the contacts of the next PLANNED messages behind a position, in order."""
    found: Sequence[str] = (
        work.execute(_NEXT_CONTACTS, {"of_plan": plan_id, "behind": after, "most": size}).scalars().all()
    )
    return found


def record(engine: Engine, changes: Sequence[Change], judged: Judged) -> None:
    """Write what became of claimed messages, with what they were judged against, and commit.

    A report that overtook the answer stands: then only the gateway's id and the instant are added.
    """
    if not changes:
        return
    with transaction(engine) as work:
        _lock_in_order(work, changes)
        work.execute(_HAND_OVER, [_hand_over_values(change, judged) for change in changes])
        apply_changes(work, changes, source="sender")


def apply_changes(work: Connection, changes: Iterable[Change], *, source: str) -> int:
    """Move messages on where the table of transitions allows it and return how many moved.

    Every change leaves its event, moved or not: a late or repeated report is told, and does no harm.
    """
    wanted = list(changes)
    _lock_in_order(work, wanted)
    groups: dict[State, list[Change]] = {}
    for change in wanted:
        groups.setdefault(change.state, []).append(change)
    moved = sum(_move(work, state, group) for state, group in groups.items())
    _add_events(work, wanted, source)
    return moved


def unknown_messages(engine: Engine, plan_id: str, *, quiet_since: datetime) -> list[Claim]:
    """Return the UNKNOWN messages of a plan that have been so since before an instant."""
    query = select(messages).where(
        messages.c.plan_id == plan_id,
        messages.c.state == State.UNKNOWN.value,
        messages.c.state_at <= to_micros(quiet_since),
    )
    with engine.connect() as work:
        return [_claim(row) for row in work.execute(query.order_by(messages.c.position))]


def close_without_receipt(engine: Engine, plan_id: str, *, validity: timedelta, at: datetime) -> int:
    """Turn ACCEPTED messages whose validity and margin are over, without a final report, into NO_RECEIPT."""
    late = (
        (messages.c.plan_id == plan_id)
        & (messages.c.state == State.ACCEPTED.value)
        & (messages.c.state_at <= to_micros(at - validity))
    )
    with transaction(engine) as work:
        changes = [Change(send_id, State.NO_RECEIPT, at) for send_id in _ids(work, late)]
        return apply_changes(work, changes, source="sender")


def cancel_planned(work: Connection, plan_id: str, at: datetime) -> int:
    """Cancel what was never claimed and return how many."""
    waiting = (messages.c.plan_id == plan_id) & (messages.c.state == State.PLANNED.value)
    changes = [Change(send_id, State.CANCELLED, at) for send_id in _ids(work, waiting)]
    return apply_changes(work, changes, source="control")


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


def journal_batch(work: Connection, plan_id: str, run_id: str, at: datetime, counts: Mapping[State, int]) -> None:
    """Write one journal line for what a run did to a plan."""
    payload: dict[str, object] = {"run_id": run_id, "states": {state.value: number for state, number in counts.items()}}
    journal.append(work, at, journal.Entry.SENDS, plan_id, payload)


def findings_of(plan: PlanRow) -> list[dict[str, str]]:
    """Return the findings that a plan was written with."""
    found: list[dict[str, str]] = json.loads(plan.findings_json)
    return found


def _lock_in_order(work: Connection, changes: Sequence[Change]) -> None:
    """Lock rows by their key: sender and listener write the same ones, and in two orders they would deadlock.

    SQLite has one writer at a time and no such lock.
    """
    if work.dialect.name == "sqlite":
        return
    ids = sorted({change.send_id for change in changes})
    for start in range(0, len(ids), _CHUNK):
        some = messages.c.send_id.in_(ids[start : start + _CHUNK])
        work.execute(select(messages.c.send_id).where(some).order_by(messages.c.send_id).with_for_update())


def _move(work: Connection, state: State, changes: Sequence[Change]) -> int:
    """Move messages to one state, each at its own instant: one statement, many rows."""
    allowed = or_(false(), *(messages.c.state == source.value for source in sources_of(state)))
    moving = (
        update(messages)
        .where(messages.c.send_id == bindparam("moved_id"), allowed)
        .values(state=state.value, state_at=bindparam("moved_at"))
    )
    rows = [{"moved_id": change.send_id, "moved_at": to_micros(change.at)} for change in changes]
    return work.execute(moving, rows, execution_options={"preserve_rowcount": True}).rowcount


def _ids(work: Connection, condition: ColumnElement[bool]) -> Sequence[str]:
    found: Sequence[str] = work.execute(select(messages.c.send_id).where(condition)).scalars().all()
    return found


def _claim(row: Row[tuple[object, ...]]) -> Claim:
    values = row._mapping
    return Claim(
        values["send_id"], values["contact_id"], values["position"], values["attempt"], values["message_sha256"]
    )


#: The next PLANNED messages of a plan behind a position, in order.
_NEXT = (
    (messages.c.plan_id == bindparam("of_plan"))
    & (messages.c.state == State.PLANNED.value)
    & (messages.c.position > bindparam("behind"))
)

_NEXT_CONTACTS = select(messages.c.contact_id).where(_NEXT).order_by(messages.c.position).limit(bindparam("most"))

_CLAIM = (
    update(messages)
    .where(
        messages.c.send_id.in_(
            select(messages.c.send_id).where(_NEXT).order_by(messages.c.position).limit(bindparam("most"))
        ),
        messages.c.state == State.PLANNED.value,
    )
    .values(
        state=State.CLAIMED.value,
        state_at=bindparam("instant"),
        claimed_at=bindparam("instant"),
        run_id=bindparam("run"),
        attempt=messages.c.attempt + 1,
    )
    .returning(messages)
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


def _add_events(work: Connection, changes: Sequence[Change], source: str) -> None:
    rows = [_event_row(change, source) for change in changes]
    for start in range(0, len(rows), _CHUNK):
        insert_once(work, message_events, rows[start : start + _CHUNK])


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
