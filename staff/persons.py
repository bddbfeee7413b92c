"""Persons who act: name, account of the operating system, SSH keys, roles with their days; read from `config/staff/`.

Which persons count is said by the journalled register (`staff.register`), what a role may do by `staff.acts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from configuration.documents import Document, parse_document, read_document
from configuration.field_types import Checked, Day, Exactly, Means, NotEmpty, Text, Unfit, YesNo, written
from staff.ssh_signatures import KeyUnfit, PublicKey, read_public_key
from terms.canonical_json import canonical_json
from terms.settings import PROJECT_ROOT

#: The keys that are named otherwise in a file.
_DAYS = {"begins": "from", "ends_on": "until"}


class Role(StrEnum):
    """What a person may be here."""

    ENGINEER = "engineer"
    PLANNER = "planner"
    APPROVER = "approver"
    LEGAL = "legal"
    DPO = "dpo"
    AUDITOR = "auditor"


def _check_key(line: str) -> None:
    try:
        read_public_key(line)
    except KeyUnfit as error:
        raise Unfit(str(error)) from None


def _is_in(begins: date | None, ends_on: date | None, day: date) -> bool:
    return (begins or date.min) <= day < (ends_on or date.max)


@written(keys=_DAYS)
@dataclass(frozen=True)
class SshKey:
    """A public key of a person; days in Paris, the last one excluded. A lost key counts for nothing, not even earlier."""

    public_key: Annotated[str, Exactly(), Checked(_check_key), Means("a line of a .pub file")]
    begins: Day | None = None
    ends_on: Day | None = None
    lost: YesNo = False

    @property
    def key(self) -> PublicKey:
        """Return the key as it is checked with."""
        return read_public_key(self.public_key)

    def counts_on(self, day: date) -> bool:
        """Return whether what it signed on a day counts."""
        return not self.lost and _is_in(self.begins, self.ends_on, day)


@written(keys=_DAYS)
@dataclass(frozen=True)
class HeldRole:
    """A role of a person; days in Paris, the last one excluded."""

    role: Role
    begins: Day | None = None
    ends_on: Day | None = None


@written(keys=_DAYS | {"person_id": "id"})
@dataclass(frozen=True)
class Person:
    """One person; `begins` and `ends_on`: of the person's work here (days in Paris, the last one excluded)."""

    person_id: Annotated[str, Exactly(r"[a-z0-9]+([.-][a-z0-9]+)*")]
    name: Text
    os_account: Text
    keys: Annotated[tuple[SshKey, ...], NotEmpty("is empty: a person without a key can sign nothing")]
    roles: tuple[HeldRole, ...]
    begins: Day | None = None
    ends_on: Day | None = None

    def is_here(self, day: date) -> bool:
        """Return whether the person works here on a day."""
        return _is_in(self.begins, self.ends_on, day)

    def roles_on(self, day: date) -> frozenset[Role]:
        """Return the roles that the person has on a day."""
        held = (held.role for held in self.roles if _is_in(held.begins, held.ends_on, day))
        return frozenset(held) if self.is_here(day) else frozenset()

    def key_of(self, fingerprint: str) -> SshKey | None:
        """Return the person's key of a fingerprint, whenever it counts, or None."""
        return next((key for key in self.keys if key.key.fingerprint == fingerprint), None)

    def to_plain(self) -> dict[str, object]:
        """Return the person as the file says it, for the register."""
        return {
            "id": self.person_id,
            "name": self.name,
            "os_account": self.os_account,
            "keys": [_plain(key.begins, key.ends_on, public_key=key.public_key, lost=key.lost) for key in self.keys],
            "roles": [_plain(held.begins, held.ends_on, role=held.role.value) for held in self.roles],
            **_plain(self.begins, self.ends_on),
        }


@written(title="Persons who act (config/staff/persons.yaml)")
@dataclass(frozen=True)
class PersonsFile:
    """The persons of an installation."""

    persons: tuple[Person, ...]


def staff_folder(config: Path) -> Path:
    """Return where a configuration folder tells of staff: folders from before there was any have the shipped files."""
    own = config / "staff"
    return own if own.exists() else PROJECT_ROOT / "config" / "staff"


def read_persons(config: Path) -> Document[PersonsFile]:
    """Read `staff/persons.yaml` of a configuration folder; one without `staff/` has the shipped files.

    Raises:
        DocumentInvalid: it cannot be read, or two persons have one id, one account or one key.
    """
    document = read_document(staff_folder(config) / "persons.yaml", PersonsFile, "staff/persons.yaml")
    known: dict[tuple[str, str], str] = {}
    for place, person in enumerate(document.record.persons):
        of_this = [("id", person.person_id), ("os_account", person.os_account)]
        of_this += [("keys", key.key.fingerprint) for key in person.keys]
        for name in of_this:
            if known.setdefault(name, person.person_id + str(place)) != person.person_id + str(place):
                raise document.invalid(
                    "is another person's already: one person is one entry", "persons", place, name[0]
                )
    return document


def person_of(plain: object) -> Person:
    """Return the person that an entry of the register holds.

    Raises:
        DocumentInvalid: it holds none.
    """
    return parse_document(canonical_json(plain), "an entry of the staff register", Person).record


def _plain(begins: date | None, ends_on: date | None, **more: object) -> dict[str, object]:
    return {**more, "from": begins and begins.isoformat(), "until": ends_on and ends_on.isoformat()}
