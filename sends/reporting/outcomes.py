"""Outcomes of a plan's messages: states, reasons of failure, and the curve of hand-overs and arrivals over time.

Counts by state and reason only, the small ones hidden; what became of one message is told by `lineage.lookups`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from types import MappingProxyType

from sqlalchemy import Column, ColumnElement, Connection, func, select

from pages.plots import Plot, Series
from sends.ledger.messages import count_states
from sends.ledger.states import HANDED_OVER, State
from sends.plans.status import count_handed_over
from sends.rules.order_rules import FLOOR
from sends.rules.small_counts import told_count, told_counts
from stores.operations.message_tables import message_events, messages
from terms.clock import from_micros
from terms.paris import in_paris

#: Points of a curve.
_POINTS = 40

_MEANINGS: Mapping[State, str] = MappingProxyType(
    {
        State.EXCLUDED: "judged no at hand-over",
        State.REJECTED: "refused by the gateway",
        State.UNKNOWN: "nobody knows whether it left; never sent again",
        State.UNDELIVERED: "the operator could not deliver it",
        State.EXPIRED: "the phone could not be reached within the validity",
        State.NO_RECEIPT: "no final report came",
        State.CANCELLED: "the plan ended before its turn",
    }
)


@dataclass(frozen=True)
class MessageOutcomes:
    """What became of the messages of a plan: `handed_over` is exact and not for a page; the others hide small counts.

    `failures` by reason in words; `points` are instants with the whole percents of the plan that were handed over and
    reported as delivered by then.
    """

    handed_over: int
    delivered: int
    states: Mapping[str, int | None]
    failures: Mapping[str, int | None]
    first_at: datetime | None
    last_at: datetime | None
    points: Sequence[tuple[datetime, int, int]]

    @property
    def told_handed_over(self) -> int | None:
        """Return how many were handed over, None where that is a small group."""
        return told_count(self.handed_over)

    def delivered_words(self) -> str:
        """Return how many are reported delivered, told so that those who were not are no small group to count out."""
        told = self.states.get(State.DELIVERED.value, 0)
        if told is not None:
            return str(told)
        if self.delivered < FLOOR:
            return f"fewer than {FLOOR}"
        missing = self.handed_over - self.delivered
        return f"at least {self.handed_over - FLOOR + 1}" if missing < FLOOR else "not told"

    def curve(self) -> Plot | None:
        """Return the delivery curve to draw, or None before anything was handed over or for a small group."""
        if len(self.points) < 2 or self.told_handed_over is None:
            return None
        clock = "%H:%M:%S" if self.points[-1][0] - self.points[0][0] < timedelta(minutes=20) else "%d/%m %H:%M"
        return Plot(
            description="Share of the plan's messages handed over and delivered over time",
            labels=[in_paris(at).strftime(clock) for at, _, _ in self.points],
            series=[
                Series("handed over", [handed for _, handed, _ in self.points]),
                Series("delivered", [delivered for _, _, delivered in self.points]),
            ],
            unit="% of the plan",
        )

    def failure_plot(self) -> Plot | None:
        """Return the reasons of failure that may be told, to draw."""
        told = {why: number for why, number in self.failures.items() if number is not None}
        if not told:
            return None
        return Plot(
            description="Messages that did not arrive, by reason",
            labels=list(told),
            series=[Series("messages", list(told.values()))],
            unit="messages",
            height_px=70 + 26 * len(told),
        )


def outcomes_of(work: Connection, plan_id: str, planned: int) -> MessageOutcomes:
    """Return what became of a plan's messages so far.

    Args:
        work: an open connection to the operations database.
        plan_id: the plan.
        planned: how many messages it has; the curve counts in percent of them.
    """
    states = count_states(work, plan_id)
    first, last = _span(work, plan_id)
    return MessageOutcomes(
        handed_over=count_handed_over(states),
        delivered=states.get(State.DELIVERED, 0),
        states=told_counts({state.value: number for state, number in states.items()}),
        failures=told_counts(_failures(work, plan_id, states)),
        first_at=None if first is None else from_micros(first),
        last_at=None if last is None else from_micros(last),
        points=() if first is None else _points(work, plan_id, first, planned),
    )


def _failures(work: Connection, plan_id: str, states: Mapping[State, int]) -> dict[str, int]:
    found = Counter[str]()
    ours = messages.c.plan_id == plan_id
    excluded = select(messages.c.codes_json, func.count()).where(ours, messages.c.state == State.EXCLUDED.value)
    for codes, number in work.execute(excluded.group_by(messages.c.codes_json)).tuples():
        found[f"{_MEANINGS[State.EXCLUDED]}: {', '.join(json.loads(codes)) or 'no code'}"] += number
    for state in (State.REJECTED, State.UNKNOWN):
        left = states.get(state, 0)
        for detail, number in _details(work, ours, state):
            told = min(left, number)  # an attempt before may have ended alike: each message counts once
            found[f"{_MEANINGS[state]}{f': {detail}' if detail else ''}"] += told
            left -= told
    for state in (State.UNDELIVERED, State.EXPIRED, State.NO_RECEIPT, State.CANCELLED):
        found[_MEANINGS[state]] += states.get(state, 0)
    return dict(found.most_common())


def _details(work: Connection, ours: ColumnElement[bool], state: State) -> Sequence[tuple[str | None, int]]:
    events = message_events.c
    query = (
        select(events.detail, func.count(messages.c.send_id.distinct()))
        .join(messages, messages.c.send_id == events.send_id)
        .where(ours, events.state == state.value, messages.c.state == state.value)
        .group_by(events.detail)
        .order_by(func.count().desc())
    )
    return work.execute(query).tuples().all()


def _left(plan_id: str) -> ColumnElement[bool]:
    is_ours = messages.c.plan_id == plan_id
    return is_ours & messages.c.state.in_(HANDED_OVER) & messages.c.handed_over_at.is_not(None)


def _span(work: Connection, plan_id: str) -> tuple[int | None, int | None]:
    instant = messages.c.handed_over_at
    return work.execute(select(func.min(instant), func.max(instant)).where(_left(plan_id))).tuples().one()


def _points(work: Connection, plan_id: str, first: int, planned: int) -> tuple[tuple[datetime, int, int], ...]:
    arrived = (messages.c.plan_id == plan_id) & (messages.c.state == State.DELIVERED.value)
    last_of = select(func.max(messages.c.handed_over_at), func.max(messages.c.state_at)).where(_left(plan_id))
    last = max(work.execute(last_of).tuples().one())
    width = max(1_000_000, -(-(last - first + 1) // _POINTS))
    handed = _by_bucket(work, messages.c.handed_over_at, _left(plan_id), first, width)
    delivered = _by_bucket(work, messages.c.state_at, arrived, first, width)
    buckets = range((last - first) // width + 1)
    sums = zip(_summed(handed, len(buckets)), _summed(delivered, len(buckets)), strict=True)
    start = (from_micros(first), 0, 0)
    ends = (
        (from_micros(first + (number + 1) * width), round(100 * left / planned), round(100 * there / planned))
        for number, (left, there) in enumerate(sums)
    )
    return (start, *ends)


def _by_bucket(
    work: Connection, instant: Column[int], rows: ColumnElement[bool], first: int, width: int
) -> dict[int, int]:
    bucket = ((instant - first) // width).label("bucket")
    return dict(work.execute(select(bucket, func.count()).where(rows).group_by(bucket)).tuples().all())


def _summed(counted: Mapping[int, int], buckets: int) -> list[int]:
    """Return running sums; what another process's clock puts before the first or after the last counts there."""
    found = [0] * buckets
    for bucket, number in counted.items():
        found[min(max(bucket, 0), buckets - 1)] += number
    return list(accumulate(found))
