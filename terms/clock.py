"""The one clock: real time, or a time that starts where `FILIATION_NOW` says and then ticks; the forms of an instant.

Everything that needs "now" is given a `Clock`; nothing else calls `datetime.now`. Hours and days in which a message may
leave are rules and belong to `sends.rules.calendar`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A ticking clock.

    Args:
        start: an aware instant at which the clock starts, or None for real time.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("a clock starts at an instant with an offset")
        self._start = start
        self._began = time.monotonic()

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        if self._start is None:
            return datetime.now(UTC)
        return self._start.astimezone(UTC) + timedelta(seconds=time.monotonic() - self._began)


def to_micros(instant: datetime) -> int:
    """Return an aware instant as microseconds since 1970 UTC, the form of the operations database.

    Raises:
        ValueError: the instant has no offset.
    """
    if instant.tzinfo is None:
        raise ValueError("only an instant with an offset can be stored")
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(micros: int) -> datetime:
    """Return microseconds since 1970 UTC as an aware instant in UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def to_iso(instant: datetime) -> str:
    """Return an aware instant as `2026-03-02T17:04:11Z` (microseconds only when not zero)."""
    text = instant.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


def read_iso(text: str) -> datetime:
    """Return the instant that an ISO 8601 text writes; without its offset nobody knows when it was.

    Raises:
        ValueError: it writes none, or one without offset.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant has an offset")
    return instant


def aware_utc(instant: datetime) -> datetime:
    """Return an instant with its offset: one without is UTC, as in the columns of DuckDB and in the headers of HTTP."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def naive_utc(instant: datetime) -> datetime:
    """Return an aware instant as the zone-less UTC timestamp that DuckDB columns hold."""
    return instant.astimezone(UTC).replace(tzinfo=None)
