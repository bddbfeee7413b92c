"""Deciding with a signature: sign, enter, and rely on what was entered.

A decision is signed before its transaction, because a person may have to touch a hardware key; it is entered in the
transaction of what it decides; and whoever acts on it later asks `rely_on`, which checks all of it again.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from staff.acting import acting_person
from staff.acts import BREAKABLE, GUARDIANS, Act
from staff.checking import Allowed, check_signed
from staff.desk import Desk
from staff.persons import Person, Role
from staff.signed_configuration import acts_of
from staff.signed_records import Decision, SignedDecision, read_signed, record_of, write_signed
from staff.signing import sign_as
from staff.ssh_signatures import SignatureInvalid
from stores.operations.database import transaction
from terms.errors import Refused
from terms.paris import day_in_paris


@dataclass(frozen=True)
class Relied:
    """A decision that counts: who made it, and when."""

    decision: Decision
    person: Person
    at: datetime


def sign(desk: Desk, decision: Decision, by: str | None = None, roles: Set[Role] | None = None) -> SignedDecision:
    """Let the acting person sign a decision; nothing is written yet. Call it outside of a transaction.

    Args:
        desk: the opened stores.
        decision: all that is decided.
        by: who acts, where one account plays everybody; None = the actor of the settings.
        roles: who may decide so, where another table than that of acts says it (a lift).

    Raises:
        UsageError: see `acting_person`.
        Refused: the person may not decide so, or signed nothing.
    """
    person = acting_person(desk, by)
    return sign_for(desk, decision, person, roles)


def decide(desk: Desk, decision: Decision, by: str | None = None) -> None:
    """Let the acting person sign a decision, and enter it in a transaction of its own, before what it decides is done.

    Args:
        desk: the opened stores.
        decision: all that is decided.
        by: as for `sign`.

    Raises:
        UsageError: see `acting_person`.
        Refused: the person may not decide so, or signed nothing.
    """
    signed = sign(desk, decision, by)
    with transaction(desk.engine) as work:
        enter(work, desk, signed)


def sign_for(desk: Desk, decision: Decision, person: Person, roles: Set[Role] | None = None) -> SignedDecision:
    """Let a person who acts sign a decision, as `sign` does.

    Args:
        desk: the opened stores.
        decision: all that is decided.
        person: who acts, as `acting_person` says.
        roles: as for `sign`.

    Raises:
        Refused: the person may not decide so, or signed nothing.
    """
    now = desk.clock.now()
    record = record_of(desk.settings, decision, person.person_id, now)
    with desk.engine.connect() as reading:
        allowed = _allowed(reading, desk, decision.act, roles)
    signed = SignedDecision(
        decision, person.person_id, now, record, *sign_as(desk.settings, person, record, day_in_paris(now))
    )
    with desk.engine.connect() as reading:
        _check(reading, desk, signed, allowed)
    return signed


def enter(work: Connection, desk: Desk, signed: SignedDecision, roles: Set[Role] | None = None) -> None:
    """Check a signed decision and write it, with its journal line, in the transaction of what it decides.

    Args:
        work: the caller's transaction.
        desk: the opened stores.
        signed: the decision.
        roles: as for `sign`.

    Raises:
        Refused: it does not count.
    """
    _check(work, desk, signed, _allowed(work, desk, signed.decision.act, roles))
    write_signed(work, signed, desk.clock.now())


def rely_on(work: Connection, desk: Desk, decision: Decision, roles: Set[Role] | None = None) -> Relied:
    """Return who decided exactly this, after checking the signature, the person, the key and the role of that day.

    Args:
        work: an open connection to the operations database.
        desk: the opened stores.
        decision: all that must have been decided.
        roles: as for `sign`.

    Raises:
        Refused: nobody did, or no signature counts; says why.
    """
    allowed, why = _allowed(work, desk, decision.act, roles), "nobody signed it"
    for signed in read_signed(work, decision.act, decision.subject):
        if signed.decision.content != decision.content:
            why = "what was signed is not what is there now" if why == "nobody signed it" else why
            continue
        try:
            return Relied(signed.decision, check_signed(work, desk.settings, signed, allowed), signed.at)
        except SignatureInvalid as error:
            why = str(error)
    raise _uncounted(decision, why)


def _allowed(work: Connection, desk: Desk, act: Act, roles: Set[Role] | None) -> Allowed:
    if act in (Act.STAFF, Act.SIGN_STAFF):
        return Allowed(GUARDIANS)
    acts = acts_of(work, desk.settings)
    breakers = acts.may(Act.BREAK_GLASS) if act in BREAKABLE else frozenset[Role]()
    return Allowed(acts.may(act) if roles is None else roles, breakers, acts.glass_broken_for)


def _check(work: Connection, desk: Desk, signed: SignedDecision, allowed: Allowed) -> None:
    try:
        check_signed(work, desk.settings, signed, allowed)
    except SignatureInvalid as error:
        raise _uncounted(signed.decision, str(error)) from None


def _uncounted(decision: Decision, why: str) -> Refused:
    return Refused(
        f"The decision {decision.act.value} on {decision.subject} does not count: {why}.",
        "See docs/staff.md: who may do it, and how it is signed.",
        code="UNSIGNED",
    )
