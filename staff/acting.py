"""Who acts: the person of the process's account of the operating system, or, where one account plays everybody, a name.

Whether the person may is checked by `staff.checking`.
"""

from __future__ import annotations

from dataclasses import replace

from staff.acts import Act, read_acts
from staff.desk import Desk
from staff.names import person_id_of
from staff.persons import HeldRole, Person, Role, SshKey, read_persons
from staff.register import INSTALLER, Register, founding, read_register
from staff.signed_records import SignedDecision, record_of, write_signed
from staff.signing import played_key, sign_as
from stores.operations.database import transaction
from terms.environment import ONE_ACCOUNT
from terms.errors import Refused, UsageError
from terms.paris import day_in_paris
from terms.settings import os_account


def acting_person(desk: Desk, by: str | None = None) -> Person:
    """Return the person who acts.

    Args:
        desk: the opened stores.
        by: a name, where one account plays everybody: a new one is enrolled. None = the actor of the settings.

    Raises:
        UsageError: a name where the account decides, no name where one is needed, or one that looks like another's.
        Refused: the account is nobody's in the register, or the register does not verify.
    """
    if ONE_ACCOUNT[desk.settings.environment]:
        return _played(desk, desk.settings.actor if by is None else by)
    if by is not None:
        raise UsageError(
            f"A name (--by) says nothing in {desk.settings.environment}.",
            "Leave it out: the account of the operating system says who acts, and a key of that person signs.",
        )
    account = os_account()
    with desk.engine.connect() as reading:
        person = read_register(reading, desk.settings).of_account(account)
    if person is None:
        raise Refused(f"The account {account} is nobody's in the staff register.", "See `filiation staff list`.")
    return person


def person_who_planned(desk: Desk, register: Register, planned_by: str) -> str:
    """Return the id of the person whom a plan names as its planner.

    Args:
        desk: the opened stores.
        register: as it is read.
        planned_by: as the plan says: a name where one account plays everybody, elsewhere an account.

    Raises:
        Refused: the account is nobody's in the register.
    """
    if ONE_ACCOUNT[desk.settings.environment]:
        return person_id_of(planned_by)
    person = register.of_account(planned_by)
    if person is None:
        raise Refused("The account that planned this is nobody's in the staff register.", "Plan the order again.")
    return person.person_id


def check_may_plan(desk: Desk) -> None:
    """Refuse a planner who has no role for it; planning is not signed.

    Raises:
        UsageError: see `acting_person`.
        Refused: the person may not plan.
    """
    person, day = acting_person(desk), day_in_paris(desk.clock.now())
    wanted = read_acts(desk.settings.config).may(Act.PLAN)
    if not person.roles_on(day) & wanted:
        raise Refused(f"{person.name} may not plan.", f"It takes one of the roles {', '.join(sorted(wanted))}.")


def played_as_told(desk: Desk, person: Person) -> Person:
    """Return a person of the configuration as one account plays it: the same roles, and a key of this home."""
    account = f"played: {person.person_id}"
    return replace(person, os_account=account, keys=(_played_key(desk, person.person_id),))


def _played_key(desk: Desk, person_id: str) -> SshKey:
    return SshKey(played_key(desk.settings, person_id).line)


def _played(desk: Desk, name: str) -> Person:
    person_id = person_id_of(name)
    with desk.engine.connect() as reading:
        register = read_register(reading, desk.settings)
    known = register.persons.get(person_id)
    if known is not None:
        return known
    alike = register.looking_like(person_id)
    if alike is not None:
        raise UsageError(f"The name looks like {alike.name}'s, who is known here.", "Write it as it was written first.")
    person = _first_seen(desk, person_id, name.strip())
    _enrol(desk, [person] if register.persons else [_installer(desk), person])
    return person


def _first_seen(desk: Desk, person_id: str, name: str) -> Person:
    """Return a person as the configuration tells it, with a played key; one that it does not tell has every role."""
    for told in read_persons(desk.settings.config).record.persons:
        if told.person_id == person_id:
            return played_as_told(desk, told)
    roles = tuple(HeldRole(role) for role in Role)
    return Person(person_id, name, f"played: {person_id}", (_played_key(desk, person_id),), roles)


def _installer(desk: Desk) -> Person:
    return _first_seen(desk, INSTALLER, INSTALLER)


def _enrol(desk: Desk, persons: list[Person]) -> None:
    """Enter played persons, signed by the installer; two processes that do it at once write the same lines."""
    now, installer = desk.clock.now(), _installer(desk)
    with transaction(desk.engine) as work:
        for person in persons:
            decision = founding(person)
            record = record_of(desk.settings, decision, INSTALLER, now)
            made = sign_as(desk.settings, installer, record, day_in_paris(now))
            write_signed(work, SignedDecision(decision, INSTALLER, now, record, *made), now)
