"""Standing orders: a timer purges under one that the dpo signed, for these periods and until a day.

What is purged belongs to `retention.purge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection

from staff.acts import Act
from staff.decisions import enter, rely_on, sign
from staff.desk import Desk
from staff.signed_configuration import Part, configuration_decision, folder_of
from staff.signed_records import Decision, read_signed
from stores.operations.database import transaction
from terms.errors import Refused, UsageError
from terms.paris import day_in_paris

_SUBJECT = "retention"


def order_purges(desk: Desk, until: date) -> None:
    """Let the acting person order purges by the periods as they are now.

    Args:
        desk: the opened stores.
        until: the first day (Paris) on which the order holds no more.

    Raises:
        UsageError: the day is over.
        Refused: the person may not.
    """
    if until <= day_in_paris(desk.clock.now()):
        raise UsageError(f"An order until {until} holds never.", "Give a day to come.")
    content = {"until": until.isoformat(), "periods": _periods(desk)}
    signed = sign(desk, Decision(Act.STANDING_PURGE, _SUBJECT, content))
    with transaction(desk.engine) as work:
        enter(work, desk, signed)


def standing_order(desk: Desk, work: Connection) -> Decision | None:
    """Return the order under which a timer may purge now, or None: the newest one must cover these periods and this day.

    Args:
        desk: the opened stores.
        work: an open connection to the operations database.
    """
    newest = next(read_signed(work, Act.STANDING_PURGE, _SUBJECT), None)
    if newest is None:
        return None
    content = newest.decision.content
    today = day_in_paris(desk.clock.now()).isoformat()
    if content.get("periods") != _periods(desk) or str(content.get("until", "")) <= today:
        return None
    try:
        return rely_on(work, desk, newest.decision).decision
    except Refused:
        return None


def _periods(desk: Desk) -> Mapping[str, object]:
    return configuration_decision(Part.RETENTION, folder_of(desk.settings, Part.RETENTION)).content
