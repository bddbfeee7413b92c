"""The time zone of metropolitan France, its days and midnights; rules, orders and pages mean it by default.

Zones of electors overseas belong to `sends.rules.calendar`.
"""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

#: Civil time of metropolitan France.
PARIS = ZoneInfo("Europe/Paris")


def in_paris(instant: datetime) -> datetime:
    """Return an aware instant as the clocks of Paris showed it.

    Raises:
        ValueError: the instant has no offset; Python would take it for the time of this machine.
    """
    if instant.tzinfo is None:
        raise ValueError("only an instant with an offset has a day and an hour in Paris")
    return instant.astimezone(PARIS)


def day_in_paris(instant: datetime) -> date:
    """Return the civil day on which an aware instant falls in Paris.

    Raises:
        ValueError: the instant has no offset.
    """
    return in_paris(instant).date()


def midnight_in_paris(day: date) -> datetime:
    """Return the aware instant at which a civil day begins in Paris."""
    return datetime.combine(day, time(), PARIS)
