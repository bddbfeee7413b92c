"""The sender: claim, judge, hand over, record, one batch after another; at most one hand-over, whatever dies.

Protocol (decisions 2, 20 and 30): one sender per ledger; a claim is committed before a byte leaves, and so is the mark on
the window that leaves next; on start what a dead run had marked becomes UNKNOWN and is never sent again by itself. Each of
the four steps has a module of its own, as have the checks and the reconciliation; only their order belongs here.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from sends.gateways.gateway import Gateway
from sends.gateways.routes import open_gateway
from sends.handover.breaker import Breaker
from sends.handover.checks import check_now, check_sendable
from sends.handover.claiming import ClaimedBatch, claim_next
from sends.handover.heartbeat import Heartbeat
from sends.handover.lock import sender_lock
from sends.handover.pace import Pace
from sends.handover.plan_to_send import PlanToSend, read_plan_to_send
from sends.handover.prefetch import Prefetch
from sends.handover.progress import Progress
from sends.handover.reconciliation import reconcile, recover_dead_run
from sends.handover.submission import Submission, Submitter, allowed
from sends.ledger.changes import Change, journal_batch, record
from sends.ledger.claims import Claim, mark_leaving
from sends.ledger.messages import count_states, message_hashes
from sends.ledger.states import State
from sends.plans.approval import lifted_codes
from sends.plans.control import break_circuit
from sends.plans.texts import find_texts
from stores.all_stores import Stores
from stores.operations.database import DatabaseAway, DatabaseUnavailable, connect_to_latest, transaction
from terms.errors import Refused
from terms.failpoint import reach

#: Messages of one claim.
BATCH = 100

#: Messages that are marked together as about to leave: it bounds how many one crash leaves UNKNOWN.
WINDOW = 10

#: A claim holds no more messages than leave in so many seconds, so that what was judged is not old at its turn.
_CLAIM_SECONDS = 2.0

#: How long to try to write down what became of messages, and how long between two attempts, in seconds.
_PATIENCE_SECONDS, _RETRY_SECONDS = 60.0, 0.5

Tell = Callable[[str], None]


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


class PlanSender(Protocol):
    """What hands a plan over: `send_plan`, or the rest of it where the plan is settled and checked already."""

    def __call__(self, stores: Stores, plan_id: str, *, limit: int | None, progress: Tell) -> SendReport:
        """Arguments and errors as `send_plan`."""
        ...


def send_plan(stores: Stores, plan_id: str, *, limit: int | None = None, progress: Tell = lambda _: None) -> SendReport:
    """Hand the messages of an approved plan to its gateway, each judged again; safe to kill and to run again.

    Args:
        stores: the opened stores.
        plan_id: an approved plan.
        limit: hand over at most so many messages in this run; None = all.
        progress: told now and then in words and counts.

    Raises:
        UsageError: there is no such plan, or its configuration cannot be read.
        Refused: the plan may not be sent now (see `check_sendable`).
        WriterBusy: another sender is at work on this ledger.
    """
    with ready_to_send(stores, plan_id, progress) as ready:
        return ready.send(limit, progress)


@contextmanager
def ready_to_send(stores: Stores, plan_id: str, progress: Tell) -> Iterator[ReadyPlan]:
    """Take the sender's lock, settle what earlier runs left open, check the plan, and hold all of it for one send.

    Args:
        stores: the opened stores.
        plan_id: an approved plan.
        progress: told in words what was settled.

    Raises:
        UsageError: there is no such plan, or its configuration cannot be read.
        Refused: the plan may not be sent now (see `check_sendable`); what earlier runs left open is settled by then.
        WriterBusy: another sender is at work on this ledger.
    """
    with _settled(stores, plan_id, progress) as ready:
        check_sendable(stores, ready.ours, ready.gateway, ready.heartbeat)
        yield ready


def settle_plan(stores: Stores, plan_id: str, progress: Tell = lambda _: None) -> None:
    """Close what earlier runs left open, whatever the plan's state and window: nothing of it is handed over here.

    Claims of a dead run become UNKNOWN, UNKNOWN what the gateway proves, ACCEPTED without a DLR in time NO_RECEIPT; in a plan
    that was stopped or released, what is proved never to have left is CANCELLED.

    Args:
        stores: the opened stores.
        plan_id: any plan.
        progress: told in words what was settled.

    Raises:
        UsageError: there is no such plan, or its configuration cannot be read.
        WriterBusy: a sender is at work on this ledger.
    """
    with _settled(stores, plan_id, progress):
        pass


@contextmanager
def _settled(stores: Stores, plan_id: str, progress: Tell) -> Iterator[ReadyPlan]:
    """Hold the lock and the open gateway of a plan after what earlier runs left open was closed."""
    with sender_lock(stores):
        recover_dead_run(stores, progress)
        ours = read_plan_to_send(stores, plan_id)
        with closing(open_gateway(ours.context.gateway, stores.settings.gateway_passwords)) as gateway:
            settled = reconcile(stores, ours, gateway)
            if settled:
                progress(f"send: {settled} messages of earlier runs are settled")
            yield ReadyPlan(stores, ours, gateway, Heartbeat(stores, ours.context.gateway))


@dataclass(frozen=True)
class ReadyPlan:
    """A plan whose send may begin: settled and checked, while this process holds the sender's lock."""

    stores: Stores
    ours: PlanToSend
    gateway: Gateway
    heartbeat: Heartbeat

    def send(self, limit: int | None, progress: Tell) -> SendReport:
        """Hand the plan's messages over, reconcile, and report; arguments and errors as `send_plan`."""
        with _Run(self) as run:
            ending, why = run.go_through(limit, progress)
            reconcile(self.stores, self.ours, self.gateway)
            return run.report(ending, why)


@dataclass
class _Tally:
    """What a run did so far."""

    states: dict[State, int] = field(default_factory=dict)

    def add(self, changes: Sequence[Change]) -> None:
        """Count changes in."""
        for change in changes:
            self.states[change.state] = self.states.get(change.state, 0) + 1

    def of(self, *states: State) -> int:
        """Return how many messages this run brought into one of some states."""
        return sum(self.states.get(state, 0) for state in states)


class _Run:
    """One run of the sender over one plan; used as a context, it closes at its end what it opened."""

    def __init__(self, ready: ReadyPlan) -> None:
        self._stores, self._ours, self._heartbeat = ready.stores, ready.ours, ready.heartbeat
        self._plan_id, self._run_id = ready.ours.plan.plan_id, uuid.uuid4().hex
        with self._stores.engine.connect() as work:
            lifted = lifted_codes(self._stores, work, ready.ours.plan, ready.ours.context)
            texts = find_texts(work, message_hashes(work, self._plan_id))
        self._latest = connect_to_latest(self._stores.engine)
        self._prefetch = Prefetch(self._stores, self._latest, self._ours, lifted)
        self._pace = Pace(self._ours.context.rate_per_second)
        self._submitter = Submitter(ready.gateway, self._prefetch, self._pace, texts, self._ours, self._stores.clock)
        self._breaker = Breaker(self._stores, self._ours)
        self._tally = _Tally()

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, *_: object) -> None:
        self._prefetch.close()
        self._latest.close()

    def go_through(self, limit: int | None, progress: Tell) -> tuple[Ending, str]:
        """Go through the plan once, batch by batch, and say why it ended."""
        plan, position, is_waiting = self._ours.plan, 0, False
        told = Progress(progress, plan.contacts, plan.closes_at, self._stores.clock)
        while True:
            left = self._left_of(limit)
            halted = self._halted(left)
            if halted is not None:
                return halted
            batch = self._claim(position, left)
            if not batch.claims:
                break
            submission = self._hand_over(batch)
            if submission.is_unreachable:
                return Ending.UNREACHABLE, f"{plan.gateway} refuses connections"
            position = _goes_on_after(batch, submission)
            is_waiting |= submission.is_waiting
            told.looked_at(position, self._tally.of(State.ACCEPTED))
        if is_waiting:
            return Ending.WAITING, "the calendar lets the rest leave later in the window"
        return Ending.DONE, "every message was looked at"

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
            base_version=self._prefetch.base_version,
            states=states,
        )

    def _left_of(self, limit: int | None) -> int | None:
        """Return how many messages the limit of this run still lets leave; None = it has none."""
        return None if limit is None else limit - self._tally.of(State.ACCEPTED, State.UNKNOWN)

    def _halted(self, left: int | None) -> tuple[Ending, str] | None:
        """Return why nothing more may be claimed now, or None."""
        if left is not None and left <= 0:
            return Ending.LIMIT, "the limit of this run is reached"
        errors = self._tally.of(State.REJECTED, State.UNKNOWN)
        broken = self._breaker.why_broken(self._tally.of(State.ACCEPTED), errors)
        if broken is not None:
            break_circuit(self._stores, self._plan_id, broken)
            return Ending.BROKEN, f"{broken}; the plan is paused (`filiation campaign resume`)"
        try:
            check_now(self._stores, self._ours, self._heartbeat)
        except Refused as refusal:
            return Ending.NOT_SENDABLE, str(refusal)
        return None

    def _claim(self, after: int, left: int | None) -> ClaimedBatch:
        size = max(1, min(BATCH, int(self._pace.rate * _CLAIM_SECONDS)))
        size = size if left is None else min(size, left)
        batch = claim_next(self._stores, self._ours, self._run_id, after=after, size=size)
        if batch.claims:
            reach("sender.claimed")
        return batch

    def _hand_over(self, batch: ClaimedBatch) -> Submission:
        """Hand a claim over, window by window; each is marked in the commit that records the one before."""
        decisions = self._prefetch.judge(batch)
        reach("sender.judged")
        leaving, total = allowed(batch.claims, decisions), Submission()
        last = self._submitter.keep(batch.claims, decisions)
        for start in range(0, len(leaving), WINDOW):
            window = self._record(last, leaving[start : start + WINDOW])
            total = total.plus(last)
            last = self._submitter.submit(window)
            if last.is_unreachable:
                last = last.plus(self._submitter.untried(leaving[start + WINDOW :]))
                break
        self._record(last)
        return total.plus(last)

    def _record(self, submission: Submission, leaving: Sequence[Claim] = ()) -> Sequence[Claim]:
        """Write down what became of messages and mark those that leave next, in one commit; return the marked ones.

        A database that is away for a moment is waited for: what became of the messages is known here and nowhere else. Our lock of
        it is lost then, so nothing more leaves.
        """
        changes, ends_at, lost = submission.changes, time.monotonic() + _PATIENCE_SECONDS, None
        while True:
            try:
                marked = self._write(changes, leaving if lost is None else ())
                break
            except DatabaseUnavailable as error:
                if time.monotonic() > ends_at:
                    raise
                lost = error if isinstance(error, DatabaseAway) else lost
                time.sleep(_RETRY_SECONDS)
        self._tally.add(changes)
        if lost is not None:
            raise lost
        if changes:
            reach("sender.recorded")
        if marked:
            reach("sender.marked")
        return marked

    def _write(self, changes: Sequence[Change], leaving: Sequence[Claim]) -> Sequence[Claim]:
        """Commit once what `_record` commits; written again, it does no harm."""
        with transaction(self._stores.engine) as work:
            record(work, changes, self._prefetch.judged, beside=[claim.send_id for claim in leaving])
            return mark_leaving(work, leaving, self._run_id, self._stores.clock.now()) if leaving else ()


def _goes_on_after(batch: ClaimedBatch, submission: Submission) -> int:
    """Return the position behind which the next claim begins: messages that the gateway did not take now come again."""
    again = [claim.position - 1 for claim in batch.claims if claim.reference in submission.throttled]
    return min([batch.claims[-1].position, *again])
