"""The decision at the instant of hand-over, for one message: pure, from what was looked up a moment before.

Looking up (base, opt-outs, vault) belongs to `prefetch`, reservations to `claiming`; consent and person are judged by the
base.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sends.rules.calendar import Place, Timing, first_open, moment_findings
from terms.reasons import Decision


class Action(StrEnum):
    """What to do with a claimed message now."""

    SEND = "send"
    WAIT = "wait"  # the calendar forbids it now and allows it later in the window
    EXCLUDE = "exclude"


@dataclass(frozen=True)
class Looked:
    """What was found out about one contact a moment ago.

    `decision` and `codes` are the base's; `is_opted_out` says that the database has an opt-out which the judgement could
    not see (it came after, or another clock runs ahead); `is_ours` that the contact is reserved by this sponsor; `is_invited` that this is an invitation and another one may have reached the contact already.
    """

    place: Place
    decision: Decision
    codes: tuple[str, ...]
    is_opted_out: bool
    is_ours: bool
    is_invited: bool = False


@dataclass(frozen=True)
class HandOverDecision:
    """What to do and the codes that say why; none where it is sent."""

    action: Action
    codes: tuple[str, ...] = ()


def decide(
    looked: Looked, moment: datetime, window_to: datetime, timing: Timing, lifted: frozenset[str]
) -> HandOverDecision:
    """Decide on one message at an instant; every code that forbids it is told.

    A HOLD of the calendar that a person lifted for the plan does not forbid.

    Args:
        looked: what was found out about its contact.
        moment: the instant at which it would leave (aware).
        window_to: end of the plan's window (aware).
        timing: what the calendar needs to know of the order.
        lifted: codes of HOLDs that a person lifted for the plan.

    Returns:
        WAIT only where nothing but the calendar forbids it and the window has a later instant that does not.
    """
    codes = _own_codes(looked)
    found = moment_findings(moment, looked.place, timing)
    closed = {item.code for item in found if item.decision is not Decision.HOLD or item.code not in lifted}
    if codes:
        return HandOverDecision(Action.EXCLUDE, tuple(sorted(codes | closed)))
    if not closed:
        return HandOverDecision(Action.SEND)
    if first_open(looked.place, moment, window_to, timing) is not None:
        return HandOverDecision(Action.WAIT, tuple(sorted(closed)))
    return HandOverDecision(Action.EXCLUDE, tuple(sorted(closed)))


def _own_codes(looked: Looked) -> set[str]:
    """Return the codes of the contact itself, whatever the instant."""
    codes = set() if looked.decision is Decision.ALLOW else set(looked.codes)
    if looked.is_opted_out:
        codes.add("SUPPRESSED")
    if not looked.is_ours:
        codes.add("EXCLUSIVITY")
    if looked.is_invited:
        codes.add("ALREADY_INVITED")
    return codes


#: Numbers that belong to nobody: ARCEP's fiction range of mobiles (R-61), those invalid everywhere that `bench` uses, and,
#: as ARCEP keeps no such range overseas, the few that test sets use there.
_INVENTED = re.compile(
    r"\+33(63998|70[1-7]|71|72|84[135-9]|87\d)\d+|\+(262692|262639|590690|590691|594694|596696|596697)0000\d\d|\+68775000\d"
)


def is_invented(e164: str) -> bool:
    """Return whether a number is an invented one: a local simulator is handed no other, and another gateway none (R-61)."""
    return _INVENTED.fullmatch(e164) is not None
