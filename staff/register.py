"""The staff register: the persons as signed lines of the ledger tell them, each line signed by somebody who was in it.

The first line founds it: its person signed it, and the fingerprint of that key is pinned outside the ledger
(`FILIATION_STAFF_ROOT`), so that who writes to the ledger alone can found no other. Files of persons belong to
`staff.persons`; they count once they are entered here (`staff.enrolment`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from configuration.documents import DocumentInvalid
from staff.acts import GUARDIANS, Act
from staff.names import look_of
from staff.persons import Person, person_of
from staff.signed_records import Decision, SignedDecision, read_signed, record_of
from staff.signing import played_key
from staff.ssh_signatures import SignatureInvalid, check_signature
from terms.environment import ONE_ACCOUNT
from terms.errors import Refused, UsageError
from terms.paris import day_in_paris
from terms.settings import Settings

#: Who founds the register where one account plays everybody.
INSTALLER = "installer"


@dataclass(frozen=True)
class Register:
    """The persons by id, each as the newest line says."""

    persons: Mapping[str, Person]

    def of_account(self, account: str) -> Person | None:
        """Return the person of an account of the operating system, or None."""
        return next((person for person in self.persons.values() if person.os_account == account), None)

    def looking_like(self, person_id: str) -> Person | None:
        """Return the person whose id cannot be told from another one by eye, or None."""
        look = look_of(person_id)
        return next((person for known, person in self.persons.items() if look_of(known) == look), None)


def read_register(work: Connection, settings: Settings) -> Register:
    """Read the register and check each of its lines.

    Args:
        work: an open connection to the operations database.
        settings: of this process.

    Raises:
        UsageError: the key of the founder is not pinned where it must be.
        Refused: a line does not verify: nobody can be relied on until it is known why.
    """
    persons: dict[str, Person] = {}
    for place, signed in enumerate(reversed(list(read_signed(work, Act.STAFF))), start=1):
        try:
            entered = person_of(signed.decision.content)
            if entered.person_id != signed.decision.subject:
                raise SignatureInvalid("it names two persons")
            if persons.get(entered.person_id) != entered:
                _check_line(settings, persons, entered, signed)
        except (SignatureInvalid, DocumentInvalid) as error:
            raise Refused(
                f"Line {place} of the staff register does not verify: {error}.",
                "Somebody wrote to the ledger by hand. Compare it with the transparency log and a backup: docs/staff.md.",
            ) from None
        persons[entered.person_id] = entered
    return Register(persons)


def check_made_by(settings: Settings, person: Person, signed: SignedDecision) -> None:
    """Check that a person signed a decision with a key that counted on that day, in this home and environment.

    Args:
        settings: of this process.
        person: as the register tells it.
        signed: the decision.

    Raises:
        SignatureInvalid: says why not.
    """
    day = day_in_paris(signed.at)
    key = person.key_of(signed.key_fingerprint)
    if key is None or not key.counts_on(day):
        raise SignatureInvalid(f"its key is none of {person.name} that counts on {day}")
    if not person.is_here(day):
        raise SignatureInvalid(f"{person.name} does not work here on {day}")
    if signed.record != record_of(settings, signed.decision, person.person_id, signed.at):
        raise SignatureInvalid("it is of another decision, person, instant or home")
    check_signature(key.key, signed.record, signed.signature)


def founding(person: Person) -> Decision:
    """Return the decision that enters a person in the register as told."""
    return Decision(Act.STAFF, person.person_id, person.to_plain())


def _check_line(settings: Settings, persons: Mapping[str, Person], entered: Person, signed: SignedDecision) -> None:
    """Check one line against the persons of the lines before it."""
    signer = persons.get(signed.person_id) if persons else entered
    if signer is None or (not persons and signed.person_id != entered.person_id):
        raise SignatureInvalid("who signed it is nobody in the register")
    if persons and signer.person_id == entered.person_id:
        raise SignatureInvalid(f"{signer.name} entered something about {signer.name}")
    check_made_by(settings, signer, signed)
    if not signer.roles_on(day_in_paris(signed.at)) & GUARDIANS:
        raise SignatureInvalid(f"{signer.name} may not enter persons")
    if not persons:
        _check_founder(settings, signed)
    _check_lost(persons.get(entered.person_id), entered)
    _check_apart(persons, entered)


def _check_lost(before: Person | None, entered: Person) -> None:
    """Refuse a line by which a key that was lost would count again."""
    for lost in before.keys if before else ():
        again = entered.key_of(lost.key.fingerprint)
        if lost.lost and again is not None and not again.lost:
            raise SignatureInvalid(f"the key {lost.key.fingerprint} was lost, and is no key of anybody any more")


def _check_founder(settings: Settings, signed: SignedDecision) -> None:
    if ONE_ACCOUNT[settings.environment]:
        pinned = played_key(settings, INSTALLER).fingerprint
    elif settings.staff_root is None:
        raise UsageError(
            "FILIATION_STAFF_ROOT is not set: whoever writes to the ledger could found another staff.",
            f"This register was founded with the key {signed.key_fingerprint}. Compare it with the founder's, then set it.",
        )
    else:
        pinned = settings.staff_root
    if signed.key_fingerprint != pinned:
        raise SignatureInvalid("it founds the register with a key that is not the pinned one (FILIATION_STAFF_ROOT)")


def _check_apart(persons: Mapping[str, Person], entered: Person) -> None:
    """Refuse a second entry for one person: the same account, key or look under another id."""
    others = [person for known, person in persons.items() if known != entered.person_id]
    keys = {key.key.fingerprint for key in entered.keys}
    for other in others:
        is_same = other.os_account == entered.os_account or keys & {key.key.fingerprint for key in other.keys}
        if is_same or look_of(other.person_id) == look_of(entered.person_id):
            raise SignatureInvalid(f"{entered.person_id} and {other.person_id} are one person, or look it")
