"""Whether a signed decision counts: who signed it, with which key, and whether the person had the role on that day.

Checked when a decision is entered and again whenever something relies on it (`staff.decisions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from staff.acts import Act
from staff.persons import Person, Role
from staff.register import Register, check_made_by, read_register
from staff.signed_records import SignedDecision, read_signed
from staff.ssh_signatures import SignatureInvalid
from terms.paris import day_in_paris
from terms.settings import Settings


@dataclass(frozen=True)
class Allowed:
    """The roles that may decide something, those of the two persons who may let somebody do it without (none: nobody), and
    for how long.
    """

    roles: Set[Role]
    breakers: Set[Role] = frozenset()
    broken_for: timedelta = timedelta(0)


def check_signed(work: Connection, settings: Settings, signed: SignedDecision, allowed: Allowed) -> Person:
    """Check a signed decision and return the person who signed it.

    Args:
        work: an open connection to the operations database.
        settings: of this process.
        signed: the decision.
        allowed: who may decide so.

    Raises:
        SignatureInvalid: says why it does not count.
        Refused: the staff register does not verify.
    """
    register = read_register(work, settings)
    person = _signer(settings, register, signed)
    if not _has(person, signed, allowed.roles):
        breakers = set(_breakers(work, settings, register, signed, allowed))
        if len(breakers) < 2:
            day, roles = day_in_paris(signed.at), ", ".join(sorted(allowed.roles)) or "none may"
            raise SignatureInvalid(f"{person.name} has none of the roles that may do this on {day}: {roles}")
    return person


def glass_subject(act: Act, subject: str) -> str:
    """Return what a break-glass decision is about: an act on a subject."""
    return f"{subject}/{act.value}"


def _signer(settings: Settings, register: Register, signed: SignedDecision) -> Person:
    person = register.persons.get(signed.person_id)
    if person is None:
        raise SignatureInvalid("who signed it is nobody in the staff register")
    check_made_by(settings, person, signed)
    return person


def _has(person: Person, signed: SignedDecision, roles: Set[Role]) -> bool:
    return bool(person.roles_on(day_in_paris(signed.at)) & roles)


def _breakers(
    work: Connection, settings: Settings, register: Register, signed: SignedDecision, allowed: Allowed
) -> Iterator[str]:
    """Yield who let somebody do this without the role, shortly before it was signed."""
    subject = glass_subject(signed.decision.act, signed.decision.subject)
    for leave in read_signed(work, Act.BREAK_GLASS, subject):
        if not leave.at <= signed.at <= leave.at + allowed.broken_for:
            continue
        try:
            person = _signer(settings, register, leave)
        except SignatureInvalid:
            continue
        if _has(person, leave, allowed.breakers):
            yield person.person_id
