"""What a run tells while it goes on: counts, the rate that was measured, and when it will really end.

What is told at the end is the sender's report.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from terms.clock import Clock, to_iso

#: Words come this seldom: each is an event in Dagster's log.
_TELL_SECONDS = 5


class Progress:
    """Tells how far a run is, every few seconds.

    Args:
        tell: takes one line of words and counts.
        total: messages of the plan.
        closes_at: end of the plan's window (aware).
        clock: of this process.
    """

    def __init__(self, tell: Callable[[str], None], total: int, closes_at: datetime, clock: Clock) -> None:
        self._tell, self._total, self._closes_at, self._clock = tell, total, closes_at, clock
        self._started_at = self._told_at = clock.now()
        self._first: int | None = None

    def looked_at(self, position: int, accepted: int) -> None:
        """Take note of the last position looked at (1 = the first of the plan)."""
        now = self._clock.now()
        if self._first is None:
            self._first = position
            self._started_at = now
        if now - self._told_at < timedelta(seconds=_TELL_SECONDS):
            return
        self._told_at = now
        self._tell(f"send: {position} of {self._total} looked at, {accepted} accepted; {self._foresee(position, now)}")

    def _foresee(self, position: int, now: datetime) -> str:
        """Say when this run ends at the rate that it really had, and whether its window lasts so long."""
        seconds = (now - self._started_at).total_seconds()
        done = position - (self._first or 0)
        if done <= 0 or seconds <= 0:
            return "no rate is measured yet"
        ends_at = now + timedelta(seconds=(self._total - position) * seconds / done)
        fits = (
            "" if ends_at < self._closes_at else f", after the window ({to_iso(self._closes_at)}): not all will leave"
        )
        return f"{done / seconds:.0f} a second, ends about {to_iso(ends_at)}{fits}"
