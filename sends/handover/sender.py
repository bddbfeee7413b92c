"""The sender: claims a batch, commits, judges each message again, hands over, records; at most once, whatever dies.

Protocol (measured, see docs/decisions): one sender per ledger; a claim is committed before a byte leaves; on start
every claim of a dead run becomes UNKNOWN and is never sent again by itself. Deciding about one message belongs to
`handover`, states to `ledger`, protocols to `gateways`.
"""

from __future__ import annotations

import fcntl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Connection, ScalarResult, select, text

from sends.gateways.gateway import Answer, Gateway, HandOver, Outgoing, Proof
from sends.gateways.routes import open_gateway
from sends.handover.breaker import Health, count_complaints, count_stops, why_broken
from sends.handover.decision import Action, HandOverDecision, is_invented
from sends.handover.pace import Pace
from sends.handover.prefetch import JudgedAhead, Standing
from sends.handover.progress import Progress
from sends.handover.restore_guard import check_ledger_knows
from sends.ledger.messages import (
    Change,
    Claim,
    PlanRow,
    apply_changes,
    cancel_planned,
    claim_batch,
    close_without_receipt,
    count_states,
    find_plan,
    journal_batch,
    message_hashes,
    record,
    recover_claims,
    send_id_of,
    unknown_messages,
)
from sends.ledger.states import State
from sends.orders.order import Kind
from sends.plans.approval import check_approval, context_of, lifted_codes
from sends.plans.control import break_circuit
from sends.plans.exclusivity import Holding, keep_contacts
from sends.plans.invitations import invited_by_others
from sends.plans.texts import find_texts
from sends.plans.transparency_notice import untold_findings
from sends.rules.bureau_changes import bureaux_of_plan, change_findings, read_map_changes
from sends.rules.context import Context
from sends.rules.controller_documents import complaints_about
from sends.rules.order_rules import order_findings
from sends.send_stores import SendStores
from stores.operations.database import connect_to_latest, transaction
from stores.operations.message_tables import gateway_heartbeats
from stores.operations.plan_tables import contact_reservations
from terms.clock import from_micros, to_iso
from terms.environment import LIVE_SENDING
from terms.errors import Refused, WriterBusy
from terms.failpoint import reach
from terms.paris import PARIS

#: Messages of one claim: it bounds how many one crash leaves UNKNOWN.
BATCH = 100

#: A claim holds no more messages than leave in so many seconds.
_CLAIM_SECONDS = 2.0

#: Named steps between two durable writes of sender and listener; the crash test kills at each of them.
FAILPOINTS = (
    "sender.claimed",
    "sender.judged",
    "sender.handed_over",
    "sender.recorded",
    "listener.received",
    "listener.committed",
    "listener.acknowledged",
)

_STATES: Mapping[Answer, State] = MappingProxyType(
    {
        Answer.ACCEPTED: State.ACCEPTED,
        Answer.REJECTED: State.REJECTED,
        Answer.NOT_SENT: State.PLANNED,
        Answer.THROTTLED: State.PLANNED,
        Answer.UNKNOWN: State.UNKNOWN,
    }
)

Tell = Callable[[str], None]

#: The breaker looks at what happened this often, in seconds.
_BREAKER_SECONDS = 1.0

#: What ends a refusal by a rule of orders.
_END_IT = "See docs/rules-of-orders.md for what ends each; a HOLD is lifted in a new plan."

#: Name of the sender's lock in PostgreSQL.
_LOCK = "hashtext('filiation sender')"


class Ending(StrEnum):
    """Why a run ended."""

    DONE = "done"
    LIMIT = "limit"
    WAITING = "waiting"  # what is left may leave later in the window: run it again then
    NOT_SENDABLE = "not_sendable"  # paused, stopped, window over, listener silent: told in words
    BROKEN = "broken"  # the circuit breaker paused the plan: a person must look
    UNREACHABLE = "unreachable"  # the gateway refuses connections: nothing was lost, run it again


@dataclass(frozen=True)
class SendReport:
    """What one run did; counts only. `unknown` = messages of which nobody knows whether they left."""

    plan_id: str
    run_id: str
    ending: Ending
    why: str
    accepted: int
    excluded: int
    rejected: int
    unknown: int
    base_version: str
    states: Mapping[State, int]

    def to_json(self) -> dict[str, str | int | dict[str, int]]:
        """Return the report as metadata and as the command prints it."""
        return {
            "plan_id": self.plan_id,
            "run_id": self.run_id,
            "ending": self.ending.value,
            "why": self.why,
            "accepted": self.accepted,
            "excluded": self.excluded,
            "rejected": self.rejected,
            "unknown": self.unknown,
            "base_version": self.base_version,
            "states": {state.value: number for state, number in self.states.items()},
        }


def send_plan(
    stores: SendStores, plan_id: str, *, limit: int | None = None, progress: Tell = lambda _: None
) -> SendReport:
    """Hand the messages of an approved plan to its gateway, each judged again; safe to kill and to run again.

    Args:
        stores: the opened stores.
        plan_id: an approved plan.
        limit: hand over at most so many messages in this run; None = all.
        progress: told now and then in words and counts.

    Raises:
        Refused: the plan may not be sent now (see `check_sendable`), or another sender is at work on this ledger.
    """
    with sender_lock(stores):
        _settle(stores, plan_id, progress)
        check_sendable(stores, plan_id)
        with _Run(stores, plan_id) as run:
            ending, why = run.hand_over_all(limit, progress)
            reconcile_plan(stores, plan_id)
            return run.report(ending, why)


def settle_plan(stores: SendStores, plan_id: str, progress: Tell = lambda _: None) -> None:
    """Close what earlier runs left open, whatever the plan's state and window: nothing of it is handed over here.

    Claims of a dead run become UNKNOWN, UNKNOWN what the gateway proves, ACCEPTED without a report in time
    NO_RECEIPT; in a plan that was stopped or released, what is proved never to have left is CANCELLED.

    Raises:
        UsageError: there is no such plan, or its configuration cannot be read.
        WriterBusy: a sender is at work on this ledger.
    """
    with sender_lock(stores):
        _settle(stores, plan_id, progress)


def _settle(stores: SendStores, plan_id: str, progress: Tell) -> None:
    recovered = recover_claims(stores.engine, stores.clock.now())
    if recovered:
        progress(f"send: {recovered} messages of a run that died are UNKNOWN; they are not sent again by themselves")
    settled = reconcile_plan(stores, plan_id)
    if settled:
        progress(f"send: {settled} messages of earlier runs are settled")


def check_sendable(stores: SendStores, plan_id: str) -> None:
    """Refuse a plan that may not be sent now.

    Raises:
        UsageError: there is no such plan, or its configuration cannot be read.
        Refused: not approved, changed since, a rule of orders says otherwise by now, paused, outside its window, the gateway not allowed in this
            environment, or the gateway's listener silent (STOP replies would not arrive).
    """
    with stores.engine.connect() as work:
        plan = find_plan(work, plan_id)
        context = context_of(stores, plan)
        check_approval(stores, work, plan, context)
        _check_order(stores, work, plan, context)
    _check_route(stores, context)
    _check_now(stores, plan_id, context)
    gateway = open_gateway(context.gateway, stores.settings.gateway_passwords)
    try:
        check_ledger_knows(stores, plan, gateway)
    finally:
        gateway.close()


def reconcile_plan(stores: SendStores, plan_id: str, *, quiet: timedelta | None = None) -> int:
    """Ask the gateway about the plan's UNKNOWN messages, and close accepted ones without a receipt.

    Evidence of hand-over makes ACCEPTED, provable absence PLANNED (CANCELLED where the plan has ended); without
    proof a message stays UNKNOWN.

    Args:
        stores: the opened stores.
        plan_id: the plan.
        quiet: how long a message must have been UNKNOWN, so that nothing of it is on its way; None = the gateway's.

    Returns:
        how many messages changed.
    """
    now = stores.clock.now()
    with stores.engine.connect() as work:
        plan = find_plan(work, plan_id)
    context = context_of(stores, plan)
    settings, gateway = context.gateway, open_gateway(context.gateway, stores.settings.gateway_passwords)
    since = now - (timedelta(seconds=settings.quiet_seconds) if quiet is None else quiet)
    changes = [_proved(gateway, claim, now) for claim in unknown_messages(stores.engine, plan_id, quiet_since=since)]
    with transaction(stores.engine) as work:
        moved = apply_changes(work, [change for change in changes if change is not None], source="reconciliation")
        if plan.has_ended:
            moved += cancel_planned(work, plan_id, now)
    margin = timedelta(minutes=context.order.validity_minutes + settings.receipt_margin_minutes)
    return moved + close_without_receipt(stores.engine, plan_id, validity=margin, at=now)


@contextmanager
def sender_lock(stores: SendStores) -> Iterator[None]:
    """Hold the lock of the one sender of this ledger: of the home, and of the database where several homes may share it.

    Raises:
        WriterBusy: another sender is at work.
    """
    busy = WriterBusy("Another sender is at work on this ledger.", "Wait until it has ended, then run this again.")
    with (stores.home.root / "sender.lock").open("a") as handle, stores.engine.connect() as holder:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        with _database_lock(holder, busy):
            yield


@contextmanager
def _database_lock(holder: Connection, busy: WriterBusy) -> Iterator[None]:
    """Hold the database's own lock as long as the block runs; it belongs to the session, which outlives the block."""
    if holder.dialect.name != "postgresql":
        holder.rollback()  # SQLite: the file's lock is enough
        yield
        return
    if not holder.execute(text(f"select pg_try_advisory_lock({_LOCK})")).scalar():
        raise busy
    holder.commit()
    try:
        yield
    finally:
        holder.execute(text(f"select pg_advisory_unlock({_LOCK})"))


def _check_order(stores: SendStores, work: Connection, plan: PlanRow, context: Context) -> None:
    """Ask the rules of orders again: papers grow old, complaints come in, bureaux change, sponsors fall out."""
    now = stores.clock.now()
    found = order_findings(context, context.quote.list_unit_cents, complaints_about(work, plan.campaign_id), now)
    found += untold_findings(stores, context, now)
    held = bureaux_of_plan(work, plan.plan_id)
    with stores.warehouse.open_base() as base:
        mapped = read_map_changes(base, context.election.bureau_map, [item.bureau_code for item in held])
    found += change_findings(held, context.bureau_changes, mapped, now.astimezone(PARIS).date(), context.rules)
    lifted = lifted_codes(work, plan.plan_id)
    still = [item for item in found if item.code not in lifted]
    if still:
        codes = ", ".join(sorted({item.code for item in still}))
        raise Refused(f"Plan {plan.plan_id} may not be sent now: {codes}. {still[0].message}", _END_IT, code=codes)


def _check_route(stores: SendStores, context: Context) -> None:
    is_live = LIVE_SENDING[stores.settings.environment]
    if not is_live and not context.gateway.is_local_simulator:
        raise Refused(
            f"{context.gateway.name} leaves this machine, and {stores.settings.environment} may not send.",
            "Use the local simulator.",
        )


def _check_now(stores: SendStores, plan_id: str, context: Context) -> None:
    now = stores.clock.now()
    with stores.engine.connect() as work:
        plan = find_plan(work, plan_id)
        seen = work.execute(
            select(gateway_heartbeats.c.seen_at).where(gateway_heartbeats.c.gateway == plan.gateway)
        ).scalar()
    if plan.state != "approved" or plan.is_paused:
        raise Refused(f"Plan {plan_id} is {'paused' if plan.is_paused else plan.state}.", "See `campaign status`.")
    if now < plan.opens_at:
        raise Refused(f"The window of plan {plan_id} opens at {to_iso(plan.opens_at)}.", "Run this again then.")
    if now >= plan.closes_at:
        raise Refused(
            f"The window of plan {plan_id} ended at {to_iso(plan.closes_at)}; what was under way is settled.",
            "See `campaign status`; release the plan, then plan a new order.",
        )
    limit = timedelta(seconds=context.gateway.heartbeat_limit_seconds)
    if seen is None or now - from_micros(seen) > limit:
        raise Refused(
            f"Nobody listens to {plan.gateway}: a STOP would not arrive (STOP_FEED_STALE, R-18 R-55).",
            f"Run `filiation gateway listen {plan.gateway}` beside this.",
            code="STOP_FEED_STALE",
        )


def _proved(gateway: Gateway, claim: Claim, now: datetime) -> Change | None:
    receipt = gateway.received(claim.reference)
    if receipt.proof is Proof.RECEIVED:
        return Change(claim.send_id, State.ACCEPTED, now, detail=receipt.gateway_message_id)
    if receipt.proof is Proof.ABSENT:
        return Change(claim.send_id, State.PLANNED, now, detail="the gateway never got it")
    return None


@dataclass
class _Tally:
    """What a run did so far."""

    states: dict[State, int] = field(default_factory=dict)

    def add(self, changes: Sequence[Change]) -> None:
        """Count changes in."""
        for change in changes:
            self.states[change.state] = self.states.get(change.state, 0) + 1

    def of(self, state: State) -> int:
        """Return how many messages this run brought into a state."""
        return self.states.get(state, 0)


class _Run:
    """One run of the sender over one plan; used as a context, it closes base and gateway at its end."""

    def __init__(self, stores: SendStores, plan_id: str) -> None:
        self._stores, self._plan_id = stores, plan_id
        self._run_id = uuid.uuid4().hex
        with stores.engine.connect() as work:
            self._plan = find_plan(work, plan_id)
            self._lifted = lifted_codes(work, plan_id)
            self._texts = find_texts(work, message_hashes(work, plan_id))
        self._context = context_of(stores, self._plan)
        self._gateway = open_gateway(self._context.gateway, stores.settings.gateway_passwords)
        self._is_simulator = self._context.gateway.is_local_simulator
        self._latest = connect_to_latest(stores.engine)
        self._ahead = JudgedAhead(stores, self._latest, self._plan, self._context, self._lifted)
        self._holding = _kept_for(self._plan, self._context)
        self._tally = _Tally()
        self._pace = Pace(self._context.rate_per_second)
        self._started_at, self._looked_at = stores.clock.now(), time.monotonic()
        self._is_unreachable = False

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, *_: object) -> None:
        self._ahead.close()
        self._gateway.close()
        self._latest.close()

    def hand_over_all(self, limit: int | None, progress: Tell) -> tuple[Ending, str]:
        """Go through the plan once, batch by batch, and say why it ended."""
        position, is_waiting = 0, False
        told = Progress(progress, self._plan.contacts, self._plan.closes_at, self._stores.clock)
        while True:
            left = None if limit is None else limit - self._tally.of(State.ACCEPTED) - self._tally.of(State.UNKNOWN)
            halted = self._halted(left)
            if halted is not None:
                return halted
            claims, standing = self._claim(position, self._size(left))
            if not claims:
                break
            batch = self._hand_over(claims, standing)
            self._tally.add(batch.changes)
            if self._is_unreachable:
                return Ending.UNREACHABLE, f"{self._plan.gateway} refuses connections"
            position = batch.goes_on_after
            is_waiting |= batch.is_waiting
            told.looked_at(position, self._tally.of(State.ACCEPTED))
        if is_waiting:
            return Ending.WAITING, "the calendar lets the rest leave later in the window"
        return Ending.DONE, "every message was looked at"

    def _halted(self, left: int | None) -> tuple[Ending, str] | None:
        """Return why nothing more may be claimed now, or None."""
        if left is not None and left <= 0:
            return Ending.LIMIT, "the limit of this run is reached"
        broken = self._broken()
        if broken is not None:
            break_circuit(self._stores, self._plan_id, broken)
            return Ending.BROKEN, f"{broken}; the plan is paused (`filiation campaign resume`)"
        try:
            _check_now(self._stores, self._plan_id, self._context)
        except Refused as refusal:
            return Ending.NOT_SENDABLE, str(refusal)
        return None

    def _broken(self) -> str | None:
        """Ask the circuit breaker now and then about what happened since this run began."""
        if time.monotonic() - self._looked_at < _BREAKER_SECONDS:
            return None
        self._looked_at = time.monotonic()
        errors = self._tally.of(State.REJECTED) + self._tally.of(State.UNKNOWN)
        with self._stores.engine.connect() as work:
            health = Health(
                tried=errors + self._tally.of(State.ACCEPTED),
                errors=errors,
                stops=count_stops(work, self._plan, self._started_at),
                complaints=count_complaints(work, self._plan, self._started_at),
            )
        return why_broken(health, self._context.gateway.breaker)

    def report(self, ending: Ending, why: str) -> SendReport:
        """Write the run's journal line and return what it did."""
        with transaction(self._stores.engine) as work:
            journal_batch(work, self._plan_id, self._run_id, self._stores.clock.now(), self._tally.states)
            states = count_states(work, self._plan_id)
        return SendReport(
            plan_id=self._plan_id,
            run_id=self._run_id,
            ending=ending,
            why=why,
            accepted=self._tally.of(State.ACCEPTED),
            excluded=self._tally.of(State.EXCLUDED),
            rejected=self._tally.of(State.REJECTED),
            unknown=states.get(State.UNKNOWN, 0),
            base_version=self._ahead.base_version,
            states=states,
        )

    def _claim(self, after: int, size: int) -> tuple[list[Claim], Standing]:
        """Claim messages and commit; their electors stay with this sponsor from now on, for they may have been sent to."""
        now, plan = self._stores.clock.now(), self._plan
        with transaction(self._stores.engine) as work:
            claims = claim_batch(work, self._plan_id, after=after, size=size, run_id=self._run_id, at=now)
            ids = [claim.contact_id for claim in claims]
            keep_contacts(work, self._holding, ids)
            is_invitation = self._context.order.kind is Kind.INVITATION
            invited = invited_by_others(work, self._plan_id, ids) if is_invitation else frozenset()
            standing = Standing(_reserved(work, plan, ids), invited)
        if claims:
            reach("sender.claimed")
        return claims, standing

    def _size(self, left: int | None) -> int:
        """Return how many to claim: no more than leave in a moment, so that what was judged is not old at its turn."""
        size = max(1, min(BATCH, int(self._pace.rate * _CLAIM_SECONDS)))
        return size if left is None else min(size, left)

    def _hand_over(self, claims: Sequence[Claim], standing: Standing) -> _HandedOver:
        self._ahead.take(claims, standing)
        decisions = {claim.contact_id: self._ahead.decide(claim.contact_id) for claim in claims}
        reach("sender.judged")
        allowed = [claim for claim in claims if decisions[claim.contact_id].action is Action.SEND]
        kept = [claim for claim in claims if decisions[claim.contact_id].action is not Action.SEND]
        changes = [self._kept(claim, decisions[claim.contact_id]) for claim in kept]
        throttled: list[str] = []
        for answer in self._gateway.hand_over(self._outgoing(allowed, changes)):
            changes.append(_answered(answer, self._stores.clock.now()))
            self._heed(answer, throttled)
            reach("sender.handed_over")
        is_waiting = any(change.state is State.PLANNED and change.codes for change in changes)
        changes += self._untried(allowed, changes)
        record(self._stores.engine, changes, self._ahead.judged)
        reach("sender.recorded")
        again = [claim.position - 1 for claim in claims if claim.reference in throttled]
        return _HandedOver(changes, min([claims[-1].position, *again]), is_waiting)

    def _heed(self, answer: HandOver, throttled: list[str]) -> None:
        """Take note of an answer that says something about the gateway, not about its message."""
        self._is_unreachable |= answer.answer is Answer.NOT_SENT
        if answer.answer is Answer.THROTTLED:
            throttled.append(answer.reference)
            self._pace.slow_down()

    def _outgoing(self, allowed: Sequence[Claim], changes: list[Change]) -> Iterator[Outgoing]:
        """Yield messages as the gateway pulls them, each decided once more right before; the kept ones go to `changes`.

        After a refused connection nothing more is tried.
        """
        for claim in allowed:
            if self._is_unreachable:
                return
            self._pace.wait()
            number = self._ahead.number(claim.contact_id)
            decision = self._decide_number(number) or self._ahead.decide_again(claim.contact_id)
            if number is None or decision.action is not Action.SEND:
                changes.append(self._kept(claim, decision))
                continue
            yield Outgoing(
                reference=claim.reference,
                to=number,
                sender=self._context.shown_sender,
                text=self._text_of(claim),
                validity_minutes=self._context.order.validity_minutes,
            )

    def _text_of(self, claim: Claim) -> str:
        """Return the text that was approved for this message; a plan older than the kept texts has its order's."""
        kept = self._texts.get(claim.message_sha256)
        return self._context.handed_text if kept is None else kept.handed

    def _decide_number(self, number: str | None) -> HandOverDecision | None:
        if number is None:
            return HandOverDecision(Action.EXCLUDE, ("NUMBER_GONE",))  # erased from the vault since the base was built
        if not self._is_simulator and is_invented(number):
            return HandOverDecision(Action.EXCLUDE, ("FICTION_NUMBER",))
        return None

    def _kept(self, claim: Claim, decision: HandOverDecision) -> Change:
        state = State.PLANNED if decision.action is Action.WAIT else State.EXCLUDED
        return Change(claim.send_id, state, self._stores.clock.now(), codes=decision.codes)

    def _untried(self, allowed: Sequence[Claim], changes: Sequence[Change]) -> list[Change]:
        """Return claims that nobody tried: the gateway refused connections before their turn, so nothing left."""
        told, now = {change.send_id for change in changes}, self._stores.clock.now()
        untold = [claim for claim in allowed if claim.send_id not in told]
        return [Change(claim.send_id, State.PLANNED, now, detail=_UNREACHABLE) for claim in untold]


@dataclass(frozen=True)
class _HandedOver:
    """What became of a batch: where the next claim begins, and whether the calendar keeps some for later."""

    changes: Sequence[Change]
    goes_on_after: int
    is_waiting: bool


#: Detail of a message that stays PLANNED because its gateway refused the connection.
_UNREACHABLE = "connection refused"


def _kept_for(plan: PlanRow, context: Context) -> Holding:
    """Return the holding of electors who may have been sent to: until the round is over."""
    ends_at = context.election.rounds[plan.round].blackout_ends_at
    return Holding(plan.election, plan.round, plan.sponsor_id, plan.plan_id, ends_at)


def _answered(answer: HandOver, now: datetime) -> Change:
    handed = now if answer.answer in (Answer.ACCEPTED, Answer.UNKNOWN) else None
    return Change(
        send_id=send_id_of(answer.reference),
        state=_STATES[answer.answer],
        at=now,
        gateway_message_id=answer.gateway_message_id,
        handed_over_at=handed,
        detail=answer.detail,
    )


def _reserved(work: Connection, plan: PlanRow, contact_ids: Sequence[str]) -> frozenset[str]:
    table = contact_reservations
    ours = (
        (table.c.election == plan.election)
        & (table.c.round == plan.round)
        & (table.c.sponsor_id == plan.sponsor_id)
        & table.c.contact_id.in_(contact_ids)
    )
    found: ScalarResult[str] = work.execute(select(table.c.contact_id).where(ours)).scalars()
    return frozenset(found)
