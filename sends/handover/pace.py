"""How fast messages leave: never more than the limit within any second, slower while a gateway says "not now".

How fast they may leave is told by order and gateway; whether they may, by `decision`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

#: After a pause of our own (a batch is judged) so much of it may be caught up, within the limit of a second.
_CATCH_UP_SECONDS = 0.3

#: Each "not now" halves the rate; each second without one gives this share of the limit back.
_RECOVERY = 0.1


class Pace:
    """Spaces messages out.

    Args:
        limit: messages per second.
        now: seconds of a clock that never goes back.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self, limit: int, now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._limit, self._now, self._sleep = limit, now, sleep
        self._rate = float(limit)
        self._left: deque[float] = deque(maxlen=limit)
        self._next_at = self._slowed_at = now()

    @property
    def rate(self) -> float:
        """Return the messages per second that leave now."""
        regained = max(0.0, self._now() - self._slowed_at) * self._limit * _RECOVERY
        return min(float(self._limit), self._rate + regained)

    def wait(self) -> None:
        """Wait until the next message may leave."""
        now = self._now()
        ready_at = self._next_at
        if len(self._left) == self._limit:
            ready_at = max(ready_at, self._left[0] + 1.0)
        if ready_at > now:
            self._sleep(ready_at - now)
            now = self._now()
        self._left.append(now)
        self._next_at = max(self._next_at, now - _CATCH_UP_SECONDS) + 1 / self.rate

    def slow_down(self) -> None:
        """Halve the rate: the gateway said "not now"."""
        self._rate = max(1.0, self.rate / 2)
        self._slowed_at = self._now()
        self._next_at = self._now() + 1 / self._rate
