"""How fast messages leave, what a run tells, and when the circuit breaker speaks: with a clock of our own."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sends.gateways.settings import BreakerLimits
from sends.handover.breaker import Health, why_broken
from sends.handover.pace import Pace
from sends.handover.progress import Progress

LIMITS = BreakerLimits(min_messages=100, max_error_share=0.5, max_stop_share=0.05, max_complaints=10)


class Hand:
    """A clock that stands still unless somebody sleeps or works."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        return self.seconds

    def pass_by(self, seconds):
        self.seconds += seconds


def leave(pace, hand, number, work=lambda _: 0.0):
    """The instants at which so many messages left; `work` is what is done before each, in seconds."""
    left = []
    for index in range(number):
        hand.pass_by(work(index))
        pace.wait()
        left.append(hand.seconds)
    return left


def most_within_a_second(left):
    return max(sum(1 for other in left if instant <= other < instant + 0.999) for instant in left)


@given(pauses=st.lists(st.floats(0, 2), min_size=5, max_size=5), limit=st.integers(1, 50))
def test_no_second_sees_more_than_the_limit_whatever_pauses_come(pauses, limit):
    hand = Hand()
    pace = Pace(limit, hand.now, hand.pass_by)
    left = leave(pace, hand, limit * 4, lambda index: pauses[index % 5] if index % limit == 0 else 0.0)
    assert most_within_a_second(left) <= limit


def test_what_judging_a_batch_takes_is_caught_up():
    hand = Hand()
    left = leave(Pace(300, hand.now, hand.pass_by), hand, 3000, lambda index: 0.1 if index % 40 == 0 else 0.0)
    assert 2999 / (left[-1] - left[0]) >= 0.98 * 300


def test_a_throttled_pace_halves_and_comes_back():
    hand = Hand()
    pace = Pace(100, hand.now, hand.pass_by)
    pace.slow_down()
    pace.slow_down()
    assert pace.rate == 25
    hand.pass_by(2.0)
    assert pace.rate == 45
    hand.pass_by(60.0)
    assert pace.rate == 100
    for _ in range(20):
        pace.slow_down()
    assert pace.rate == 1


def test_a_run_tells_its_real_rate_and_an_honest_end():
    class Clock:
        instant = datetime(2026, 11, 24, 10, tzinfo=UTC)

        def now(self):
            return self.instant

    clock, told = Clock(), []
    progress = Progress(told.append, 10_000, datetime(2026, 11, 24, 10, 10, tzinfo=UTC), clock)
    for position in range(0, 400, 40):
        progress.looked_at(position, position)
        clock.instant += timedelta(seconds=4)
    assert len(told) == 4, "every few seconds, not every batch"
    assert told[-1].startswith(
        "send: 320 of 10000 looked at, 320 accepted; 10 a second, ends about 2026-11-24T10:16:40"
    )
    assert "after the window" in told[-1]


@pytest.mark.parametrize(
    ("health", "told"),
    [
        (Health(100, 50, 5, 9), None),
        (Health(99, 99, 99, 0), None),
        (Health(100, 51, 0, 0), "51 of 100 messages were refused"),
        (Health(100, 0, 6, 0), "6 people of 100 messages said stop"),
        (Health(0, 0, 0, 10), "10 complaints"),
    ],
)
def test_the_breaker_speaks_at_its_limits(health, told):
    why = why_broken(health, LIMITS)
    assert why is None if told is None else why.startswith(told)
