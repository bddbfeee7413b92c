"""Entering persons in the staff register: the first enrolment, a change, a lost key, a leaver; each line signed.

What a line must be to count is checked by `staff.register`; the file that persons are told in belongs to `staff.persons`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from staff.acting import acting_person, played_as_told
from staff.desk import Desk
from staff.persons import Person, read_persons
from staff.register import INSTALLER, Register, founding, read_register
from staff.signed_records import SignedDecision, record_of, write_signed
from staff.signing import sign_as
from stores.operations.database import transaction
from terms.environment import ONE_ACCOUNT
from terms.errors import Refused, UsageError
from terms.paris import day_in_paris
from terms.settings import os_account


def enrol(desk: Desk, person_id: str) -> Person:
    """Enter a person as `config/staff/persons.yaml` tells it now, for the first time or again after a change.

    The first person of an installation signs for himself or herself and must be pinned (`FILIATION_STAFF_ROOT`); every
    later line is signed by another person who may enter persons.

    Args:
        desk: the opened stores.
        person_id: the person's `id` in the file.

    Raises:
        DocumentInvalid: the file cannot be read.
        UsageError: the file tells no such person, or the founder's key is not pinned.
        Refused: the acting person may not enter it, or the line would not count.
    """
    told = {person.person_id: person for person in read_persons(desk.settings.config).record.persons}
    if person_id not in told:
        raise UsageError(f"config/staff/persons.yaml tells no person {person_id}.", "Write it there first.")
    person = told[person_id]
    if ONE_ACCOUNT[desk.settings.environment]:
        person = played_as_told(desk, person)
    return _enter(desk, person)


def lose_key(desk: Desk, person_id: str, key_fingerprint: str) -> Person:
    """Enter that a key of a person is lost: nothing that it signed counts any more.

    Args:
        desk: the opened stores.
        person_id: the person.
        key_fingerprint: of the key, as `filiation staff list` and `ssh-keygen -l` print it.

    Raises:
        UsageError: there is no such person or key.
        Refused: as `enrol`.
    """
    person = _known(desk, person_id)
    if person.key_of(key_fingerprint) is None:
        raise UsageError(f"{person.name} has no key {key_fingerprint}.", "See `filiation staff list`.")
    keys = tuple(replace(key, lost=key.lost or key.key.fingerprint == key_fingerprint) for key in person.keys)
    return _enter(desk, replace(person, keys=keys))


def leave(desk: Desk, person_id: str, on: date) -> Person:
    """Enter that a person leaves; what the person signed before counts as before.

    Args:
        desk: the opened stores.
        person_id: the person.
        on: the first day (Paris) on which the person works here no more.

    Raises:
        UsageError: there is no such person.
        Refused: as `enrol`.
    """
    return _enter(desk, replace(_known(desk, person_id), ends_on=on))


def enrol_played(desk: Desk) -> None:
    """Enrol, where one account plays everybody, its actor and the persons of the configuration; elsewhere do nothing."""
    if ONE_ACCOUNT[desk.settings.environment]:
        acting_person(desk)
        for person in read_persons(desk.settings.config).record.persons:
            if person.person_id not in staff_of(desk).persons:
                _enter(desk, played_as_told(desk, person))


def staff_of(desk: Desk) -> Register:
    """Return the register as it counts now.

    Raises:
        UsageError: the founder's key is not pinned where it must be.
        Refused: a line does not verify.
    """
    with desk.engine.connect() as reading:
        return read_register(reading, desk.settings)


def _known(desk: Desk, person_id: str) -> Person:
    person = staff_of(desk).persons.get(person_id)
    if person is None:
        raise UsageError(f"{person_id} is nobody in the staff register.", "See `filiation staff list`.")
    return person


def _enter(desk: Desk, person: Person) -> Person:
    """Sign a line about a person and write it; it is read again within the transaction, and counts or is not written."""
    now, decision = desk.clock.now(), founding(person)
    signer = _signer(desk, person)
    record = record_of(desk.settings, decision, signer.person_id, now)
    made = sign_as(desk.settings, signer, record, day_in_paris(now))
    with transaction(desk.engine) as work:
        write_signed(work, SignedDecision(decision, signer.person_id, now, record, *made), now)
        read_register(work, desk.settings)
    return person


def _signer(desk: Desk, person: Person) -> Person:
    """Return who signs a line: the installer where one account plays everybody, the founder, or who acts."""
    if ONE_ACCOUNT[desk.settings.environment]:
        acting_person(desk)  # founds the register, if nobody acted here yet
        return _known(desk, INSTALLER)
    if desk.settings.staff_root is None:
        raise UsageError(
            "FILIATION_STAFF_ROOT is not set.",
            f"If {person.name} founds the staff of this home, set it to {person.keys[0].key.fingerprint} for every process.",
        )
    if staff_of(desk).persons:
        return acting_person(desk)
    if person.os_account != os_account():
        raise Refused(f"{person.name} founds the staff of this home.", f"The account {person.os_account} runs this.")
    return person
