"""Break-glass: two persons let an act be done without its role, when nobody who has it can be reached.

How long that lasts, and that it takes two, is checked by `staff.checking`; which acts by `staff.acts`.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from staff.acts import BREAKABLE, Act
from staff.checking import glass_subject
from staff.decisions import enter, sign
from staff.desk import Desk
from staff.signed_configuration import acts_of
from staff.signed_records import Decision, read_signed
from stores.operations.database import transaction
from terms.errors import UsageError
from terms.free_text import refuse_number


class BrokenGlass(NamedTuple):
    """One person's leave: who, for what, when."""

    person_id: str
    subject: str
    at: datetime


def break_glass(desk: Desk, act: str, subject: str, why: str, by: str | None = None) -> bool:
    """Let the acting person say that an act may be done without its role; return whether another person said so too.

    Args:
        desk: the opened stores.
        act: as the table of acts names it.
        subject: what the act is about: a plan, a delivery, a case.
        why: why nobody with the role can act, without a number of a person.
        by: who says so, where one account plays everybody.

    Raises:
        UsageError: no reason, or an act that always needs its role.
        Refused: the person may not say so.
    """
    if act not in {str(one) for one in BREAKABLE}:
        raise UsageError(f"{act} always needs its role.", f"This is for {', '.join(sorted(BREAKABLE))}.")
    if not why.strip():
        raise UsageError("Breaking the glass needs a reason.", "Say it with --why.")
    refuse_number(why, "The reason")
    refuse_number(subject, "The subject")
    about = glass_subject(Act(act), subject)
    signed = sign(desk, Decision(Act.BREAK_GLASS, about, {"why": why.strip()}), by)
    with transaction(desk.engine) as work:
        enter(work, desk, signed)
    others = {leave.person_id for leave in broken_glass(desk) if leave.subject == about} - {signed.person_id}
    return bool(others)


def broken_glass(desk: Desk) -> list[BrokenGlass]:
    """Return the leaves of the last hours, the newest first, for `filiation status`; they are told whether they count or not."""
    with desk.engine.connect() as reading:
        since = desk.clock.now() - acts_of(reading, desk.settings).glass_broken_for
        found = read_signed(reading, Act.BREAK_GLASS)
        return [BrokenGlass(leave.person_id, leave.decision.subject, leave.at) for leave in found if leave.at >= since]
