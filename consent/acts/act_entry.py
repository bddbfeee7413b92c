"""What somebody typed about a person's act, checked and typed: from the command or from a line of a file alike.

Writing it belongs to `person_acts`. No message and no problem repeats what was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from consent.acts.person_acts import ActKind, Entered, PersonAct, Subject, record_act
from stores.all_stores import Stores
from stores.operations.database import transaction
from terms.clock import read_iso
from terms.errors import UsageError
from terms.free_text import refuse_number

#: Returns the E.164 of the one number that somebody typed, or None where it is none, or several.
NumberReader = Callable[[str], str | None]


class EntryProblem(StrEnum):
    """What is wrong with an act as typed."""

    NUMBER_UNREADABLE = "NUMBER_UNREADABLE"
    KIND_UNKNOWN = "KIND_UNKNOWN"
    RECEIVED_AT_UNREADABLE = "RECEIVED_AT_UNREADABLE"
    RECEIVED_AT_IN_FUTURE = "RECEIVED_AT_IN_FUTURE"
    SOURCE_MISSING = "SOURCE_MISSING"
    SPONSOR_UNKNOWN = "SPONSOR_UNKNOWN"
    NUMBER_IN_TEXT = "NUMBER_IN_TEXT"
    FIELD_UNKNOWN = "FIELD_UNKNOWN"
    LINE_UNREADABLE = "LINE_UNREADABLE"


#: What each problem says to the person who typed it.
SENTENCES = {
    EntryProblem.NUMBER_UNREADABLE: "the number cannot be read: write one, as +33 6 …, or as 06 …",
    EntryProblem.KIND_UNKNOWN: f"the kind is none of {', '.join(ActKind)}",
    EntryProblem.RECEIVED_AT_UNREADABLE: "received_at is no instant with offset, such as 2026-11-24T09:30:00+01:00",
    EntryProblem.RECEIVED_AT_IN_FUTURE: "received_at lies in the future",
    EntryProblem.SOURCE_MISSING: "the source is missing: say where the act came from",
    EntryProblem.SPONSOR_UNKNOWN: "relayed_by is no sponsor of config/sponsors/",
    EntryProblem.NUMBER_IN_TEXT: "source or reason holds something like a phone number; both are kept in clear",
    EntryProblem.FIELD_UNKNOWN: "a field is none of number, kind, received_at, source, relayed_by, reason",
    EntryProblem.LINE_UNREADABLE: "the line is not one record of this format",
}


@dataclass(frozen=True, repr=False)
class TypedAct:
    """An act as somebody typed it; empty text = not given. Holds a number: never printed."""

    number: str
    kind: str
    received_at: str
    source: str
    relayed_by: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ActDesk:
    """Where acts are entered and answered: the stores, and how a number is read (the phone rule of `partners_ingest`)."""

    stores: Stores
    read_number: NumberReader

    @cached_property
    def sponsors(self) -> frozenset[str]:
        """The sponsors that may relay an act."""
        return frozenset(file.stem for file in (self.stores.settings.config / "sponsors").glob("*.yaml"))

    def entered(self) -> Entered:
        """Return who enters something now."""
        return Entered(self.stores.clock.now(), self.stores.settings.actor)


def enter_act(desk: ActDesk, typed: TypedAct) -> PersonAct:
    """Take one act in and return it; entered a second time it changes nothing.

    Raises:
        UsageError: something typed is wrong; all problems are told, no value is repeated.
    """
    entered = desk.entered()
    found = read_act(desk, typed, entered.at)
    if not isinstance(found, PersonAct):
        raise UsageError(f"The act was not entered: {'; '.join(SENTENCES[item] for item in found)}.", "Enter it again.")
    with transaction(desk.stores.engine) as work:
        record_act(work, found, entered)
        return replace(found, subject=found.subject.as_known(work))


def read_act(desk: ActDesk, typed: TypedAct, now: datetime) -> PersonAct | tuple[EntryProblem, ...]:
    """Return the typed act, or all its problems.

    An act of a person whom nobody knows is an act all the same: the id of a contact is made by the key.

    Args:
        desk: where it is entered.
        typed: as it was typed.
        now: instant of the entry (aware); an act cannot be later.
    """
    e164 = desk.read_number(typed.number)
    received_at = _instant(typed.received_at)
    problems = [
        problem
        for problem, is_wrong in (
            (EntryProblem.NUMBER_UNREADABLE, e164 is None),
            (EntryProblem.KIND_UNKNOWN, typed.kind.strip() not in set(ActKind)),
            (EntryProblem.RECEIVED_AT_UNREADABLE, received_at is None),
            (EntryProblem.RECEIVED_AT_IN_FUTURE, received_at is not None and received_at > now),
            (EntryProblem.SOURCE_MISSING, not typed.source.strip()),
            (EntryProblem.SPONSOR_UNKNOWN, bool(typed.relayed_by) and typed.relayed_by not in desk.sponsors),
            (EntryProblem.NUMBER_IN_TEXT, _holds_number(typed.source) or _holds_number(typed.reason)),
        )
        if is_wrong
    ]
    if problems or e164 is None or received_at is None:
        return tuple(problems)
    return PersonAct(
        subject=Subject.of(desk.stores.keys, e164),
        kind=ActKind(typed.kind.strip()),
        received_at=received_at,
        source=typed.source.strip(),
        relayed_by=typed.relayed_by or None,
        reason=typed.reason.strip() or None,
    )


def _instant(text: str) -> datetime | None:
    try:
        return read_iso(text.strip())
    except ValueError:
        return None


def _holds_number(text: str) -> bool:
    try:
        refuse_number(text, "The text")
    except UsageError:
        return True
    return False
