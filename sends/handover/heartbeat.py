"""Whether somebody listens to a gateway now: by its heartbeat in the ledger, which other clocks than ours write.

Writing the heartbeat belongs to `sends.inbound.listener`; refusing to send without one to `checks`.
"""

from __future__ import annotations

import time
from datetime import timedelta

from sqlalchemy import select

from sends.gateways.settings import GatewaySettings
from stores.all_stores import Stores
from stores.operations.message_tables import gateway_heartbeats
from terms.clock import from_micros

#: How long to wait for a heartbeat from the future to move, and between two looks, in seconds; a listener writes one a second.
_MOST_SECONDS, _LOOK_SECONDS = 5.0, 0.2


class Heartbeat:
    """Watches the heartbeat of one gateway's listener.

    One that is ahead of our clock says nothing about its age: a listener that died would be believed until that instant. It
    counts only while it moves.

    Args:
        stores: the opened stores.
        gateway: whose listener.
    """

    def __init__(self, stores: Stores, gateway: GatewaySettings) -> None:
        self._stores, self._name = stores, gateway.name
        self._limit = timedelta(seconds=gateway.heartbeat_limit_seconds)
        self._last: int | None = None
        self._moved_at: float | None = None

    def is_heard(self) -> bool:
        """Return whether somebody listens now, after waiting for a heartbeat from the future to move."""
        ends_at = time.monotonic() + min(_MOST_SECONDS, self._limit.total_seconds())
        while True:
            seen = self._look()
            if seen is None:
                return False
            age = self._stores.clock.now() - from_micros(seen)
            if age >= timedelta(0):
                return age <= self._limit
            if self._moved_within_limit():
                return True
            if time.monotonic() > ends_at:
                return False
            time.sleep(_LOOK_SECONDS)

    def _look(self) -> int | None:
        table = gateway_heartbeats
        with self._stores.engine.connect() as work:
            seen: int | None = work.execute(select(table.c.seen_at).where(table.c.gateway == self._name)).scalar()
        if self._last is not None and seen != self._last:
            self._moved_at = time.monotonic()
        self._last = seen
        return seen

    def _moved_within_limit(self) -> bool:
        return self._moved_at is not None and time.monotonic() - self._moved_at <= self._limit.total_seconds()
