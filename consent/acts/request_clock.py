"""The clock of what people ask of us: when an answer is late. Pure.

What being late does to a use is judged elsewhere: `DSAR_LATE` by the base (same calendar, `judge_use.sql`),
`ART15_LATE` by `sends`.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta

from terms.paris import day_in_paris, midnight_in_paris

#: R-51: a complaint about an ad waits at most this long.
COMPLAINT_HOURS = 48


def request_late_at(received_at: datetime) -> datetime:
    """Return the first instant at which a person's request is late (GDPR 12(3)).

    A calendar month by the Paris calendar: until the end of the same day number of the next month, or of its last
    day where it has no such number.
    """
    last_day = due_on(received_at)
    return midnight_in_paris(last_day + timedelta(days=1))


def due_on(received_at: datetime) -> date:
    """Return the last civil day (Paris) on which a person's request is answered in time."""
    day = day_in_paris(received_at)
    year, month = divmod(day.year * 12 + day.month, 12)  # of the next month, counted from 0
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def complaint_late_at(received_at: datetime) -> datetime:
    """Return the first instant at which a complaint about an ad has waited for more than 48 hours."""
    return received_at + timedelta(hours=COMPLAINT_HOURS, microseconds=1)
