"""Signed configuration: where real numbers live, law, periods, prices, dossiers and staff count only as somebody signed them.

What is signed of a part is the hash of each of its files. Who may sign a part is told by `staff.acts`; reading the files
belongs to their rooms.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection

from staff.acts import Act, ActsFile, read_acts
from staff.checking import Allowed, check_signed
from staff.desk import Desk
from staff.persons import Role
from staff.signed_records import Decision, read_signed
from staff.ssh_signatures import SignatureInvalid
from terms.environment import ONE_ACCOUNT
from terms.errors import Refused
from terms.settings import Settings


class Part(StrEnum):
    """A part of the configuration that is signed as one."""

    STAFF = "staff"
    RULES = "rules"
    RETENTION = "retention"
    PRICES = "prices"
    DOSSIERS = "dossiers"


ACT_OF: Mapping[Part, Act] = {part: Act(f"sign_{part.value}") for part in Part}


def folder_of(settings: Settings, part: Part) -> Path:
    """Return where the files of a part are."""
    return settings.partners if part is Part.DOSSIERS else settings.config / part.value


def configuration_decision(part: Part, folder: Path) -> Decision:
    """Return what is signed of a part as the files of its folder are now: path and hash of each."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    hashes = {file.relative_to(folder).as_posix(): sha256(file.read_bytes()).hexdigest() for file in files}
    return Decision(ACT_OF[part], part.value, {"files": hashes})


def changed_files(work: Connection, part: Part, folder: Path) -> list[str]:
    """Return which files of a part are not as the newest signature says: changed, added or gone.

    Args:
        work: an open connection to the operations database.
        part: the part.
        folder: of its files.
    """
    newest = next(read_signed(work, ACT_OF[part], part.value), None)
    return _changed(newest.decision if newest else None, configuration_decision(part, folder))


def require_signed(desk: Desk, *parts: Part) -> None:
    """Refuse to go on with configuration that nobody signed; where one account plays everybody, nothing is asked.

    Args:
        desk: the opened stores.
        parts: what is about to be read.

    Raises:
        Refused: a part changed since it was signed, or was signed by nobody who may; says what to sign.
    """
    if ONE_ACCOUNT[desk.settings.environment]:
        return
    with desk.engine.connect() as reading:
        acts = acts_of(reading, desk.settings)
        for part in parts:
            wanted = configuration_decision(part, folder_of(desk.settings, part))
            _check_part(reading, desk.settings, wanted, acts.may(ACT_OF[part]))


def acts_of(work: Connection, settings: Settings) -> ActsFile:
    """Return the table of acts and roles; where real numbers live, only as it was signed.

    Args:
        work: an open connection to the operations database.
        settings: of this process.

    Raises:
        DocumentInvalid: the table cannot be read.
        Refused: it changed since it was signed.
    """
    acts = read_acts(settings.config)
    if not ONE_ACCOUNT[settings.environment]:
        staff = configuration_decision(Part.STAFF, folder_of(settings, Part.STAFF))
        _check_part(work, settings, staff, acts.may(Act.SIGN_STAFF))
    return acts


def _check_part(work: Connection, settings: Settings, wanted: Decision, roles: frozenset[Role]) -> None:
    """Refuse where the newest signature of a part is of other files, or does not count."""
    part, newest = wanted.subject, next(read_signed(work, wanted.act, wanted.subject), None)
    remedy = f"Read what changed; one of {', '.join(sorted(roles))} then runs `filiation staff sign {part}`."
    if newest is None or newest.decision.content != wanted.content:
        changed = ", ".join(_changed(newest.decision if newest else None, wanted)) or "all"
        what = f"The configuration of {part} is not as it was signed: {changed}."
        raise Refused(what, remedy, code="CONFIGURATION_UNSIGNED")
    try:
        check_signed(work, settings, newest, Allowed(roles))
    except SignatureInvalid as error:
        what = f"The signature of the configuration of {part} does not count: {error}."
        raise Refused(what, remedy, code="CONFIGURATION_UNSIGNED") from None


def _changed(before: Decision | None, after: Decision) -> list[str]:
    hashes = [decision.content.get("files") if decision else None for decision in (before, after)]
    old, new = (found if isinstance(found, dict) else {} for found in hashes)
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
