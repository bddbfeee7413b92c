"""The third step of a send: give the messages of one window to the gateway, each decided again right before.

Between the decision about a message and its hand-over nothing else happens. Judging many at once belongs to `prefetch`,
the pace to `pace`, protocols to `sends.gateways`. That a window is marked before it leaves, and what became of it is written
down after, is the work of `sender`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from sends.gateways.gateway import Answer, Gateway, HandOver, Outgoing
from sends.handover.decision import Action, HandOverDecision, is_invented
from sends.handover.pace import Pace
from sends.handover.plan_to_send import PlanToSend
from sends.handover.prefetch import Prefetch
from sends.ledger.changes import Change, send_id_of
from sends.ledger.claims import Claim
from sends.ledger.states import State
from sends.plans.texts import Shown
from terms.clock import Clock
from terms.failpoint import reach

_STATES: Mapping[Answer, State] = MappingProxyType(
    {
        Answer.ACCEPTED: State.ACCEPTED,
        Answer.REJECTED: State.REJECTED,
        Answer.NOT_SENT: State.PLANNED,
        Answer.THROTTLED: State.PLANNED,
        Answer.UNKNOWN: State.UNKNOWN,
    }
)

#: Answers of which it is known, or possible, that the message left.
_MAY_HAVE_LEFT = (Answer.ACCEPTED, Answer.UNKNOWN)

#: Detail of a message that stays PLANNED because its gateway refused the connection.
_UNREACHABLE = "connection refused"

_GONE = HandOverDecision(Action.EXCLUDE, ("NUMBER_GONE",))  # erased from the vault since the base was built
_INVENTED = HandOverDecision(Action.EXCLUDE, ("FICTION_NUMBER",))
_REAL = HandOverDecision(Action.EXCLUDE, ("REAL_NUMBER",))  # a simulator writes down what it is handed


@dataclass(frozen=True)
class Submission:
    """What became of some messages: one change each, in no order, and what the gateway said about itself.

    `throttled` are the references of messages that it did not take for now; after `is_unreachable` nothing more was tried.
    """

    changes: Sequence[Change] = ()
    throttled: frozenset[str] = frozenset()
    is_unreachable: bool = False

    def plus(self, other: Submission) -> Submission:
        """Return this and what came after."""
        return Submission(
            [*self.changes, *other.changes],
            self.throttled | other.throttled,
            self.is_unreachable or other.is_unreachable,
        )

    @property
    def is_waiting(self) -> bool:
        """Return whether the calendar keeps some of them for later."""
        return any(change.state is State.PLANNED and change.codes for change in self.changes)


@dataclass
class _Answers:
    """The gateway's answers so far, as changes, and what they say about the gateway."""

    changes: list[Change] = field(default_factory=list)
    throttled: set[str] = field(default_factory=set)
    is_unreachable: bool = False


class Submitter:
    """Hands messages of one plan to its gateway.

    Args:
        gateway: the plan's, open.
        prefetch: decides, and knows the numbers.
        pace: waits until the next message may leave.
        texts: the texts that were approved, by their hash.
        ours: the plan.
        clock: of this process.
    """

    def __init__(
        self,
        gateway: Gateway,
        prefetch: Prefetch,
        pace: Pace,
        texts: Mapping[str, Shown],
        ours: PlanToSend,
        clock: Clock,
    ) -> None:
        self._gateway, self._prefetch, self._pace = gateway, prefetch, pace
        self._texts, self._context, self._clock = texts, ours.context, clock
        self._is_simulator = ours.context.gateway.is_local_simulator

    def keep(self, claims: Sequence[Claim], decisions: Mapping[str, HandOverDecision]) -> Submission:
        """Return what becomes of the claims that the decisions do not let leave; arguments as `allowed`."""
        told = [(claim, decisions[claim.contact_id]) for claim in claims]
        return Submission([self._kept(claim, decided) for claim, decided in told if decided.action is not Action.SEND])

    def submit(self, window: Sequence[Claim]) -> Submission:
        """Hand over the messages of a window, one after the other, wait for the answers, and return what became of each.

        Args:
            window: claims that are marked as about to leave, in order.
        """
        kept: list[Change] = []
        answers = _Answers()
        for claim in window:
            kept += self._untried(claim) if answers.is_unreachable else self._take_turn(claim, answers)
        self._take(self._gateway.finish(), answers)
        return Submission([*kept, *answers.changes], frozenset(answers.throttled), answers.is_unreachable)

    def _take_turn(self, claim: Claim, answers: _Answers) -> Sequence[Change]:
        """Wait for this message's turn, decide once more, and hand it over; a message that is kept is returned."""
        self._pace.wait()
        number = self._prefetch.number(claim.contact_id)
        if number is None:
            return [self._kept(claim, _GONE)]
        if is_invented(number) is not self._is_simulator:
            return [self._kept(claim, _REAL if self._is_simulator else _INVENTED)]
        decision = self._prefetch.decide_again(claim.contact_id)
        if decision.action is not Action.SEND:
            return [self._kept(claim, decision)]
        self._take(self._gateway.hand_over(self._outgoing(claim, number)), answers)
        return ()

    def _take(self, came: Sequence[HandOver], answers: _Answers) -> None:
        """Take answers in; one that says "not now" slows the pace at once."""
        for answer in came:
            answers.changes.append(_answered(answer, self._now()))
            answers.is_unreachable |= answer.answer is Answer.NOT_SENT
            if answer.answer is Answer.THROTTLED:
                answers.throttled.add(answer.reference)
                self._pace.slow_down()
            reach("sender.handed_over")

    def _outgoing(self, claim: Claim, number: str) -> Outgoing:
        """Return the message, with the text that was approved for it; a plan older than the kept texts has its order's."""
        kept = self._texts.get(claim.message_sha256)
        return Outgoing(
            reference=claim.reference,
            to=number,
            sender=self._context.shown_sender,
            text=self._context.handed_text if kept is None else kept.handed,
            validity_minutes=self._context.order.validity_minutes,
        )

    def untried(self, claims: Sequence[Claim]) -> Submission:
        """Return claims to PLANNED whose turn did not come before the gateway refused connections."""
        return Submission([change for claim in claims for change in self._untried(claim)])

    def _untried(self, claim: Claim) -> Sequence[Change]:
        """Return a claim to PLANNED: the gateway refused connections before its turn, so nothing of it left."""
        return [Change(claim.send_id, State.PLANNED, self._now(), detail=_UNREACHABLE)]

    def _kept(self, claim: Claim, decision: HandOverDecision) -> Change:
        state = State.PLANNED if decision.action is Action.WAIT else State.EXCLUDED
        return Change(claim.send_id, state, self._now(), codes=decision.codes)

    def _now(self) -> datetime:
        return self._clock.now()


def allowed(claims: Sequence[Claim], decisions: Mapping[str, HandOverDecision]) -> list[Claim]:
    """Return the claims that may leave.

    Args:
        claims: committed claims, in order.
        decisions: by contact, as judged a moment ago.
    """
    return [claim for claim in claims if decisions[claim.contact_id].action is Action.SEND]


def _answered(answer: HandOver, now: datetime) -> Change:
    return Change(
        send_id=send_id_of(answer.reference),
        state=_STATES[answer.answer],
        at=now,
        gateway_message_id=answer.gateway_message_id,
        handed_over_at=now if answer.answer in _MAY_HAVE_LEFT else None,
        detail=answer.detail,
    )
