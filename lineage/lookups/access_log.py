"""The access log: who looked at whose data, when and why, committed before any answer exists.

What a look-up reads and says belongs to the modules that answer; they call `record_access` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Engine

from stores.operations import database, journal, log_tables
from terms.canonical_json import canonical_json
from terms.clock import Clock, to_micros
from terms.errors import UsageError
from terms.free_text import refuse_number

#: A look-up of more subjects than this must name the case that it belongs to (our own rule on bulk look-ups).
SUBJECTS_WITHOUT_CASE = 20


@dataclass(frozen=True)
class Access:
    """One look-up as it is recorded: command, who, why, and whose data (pseudonyms or row ids)."""

    command: str
    actor: str
    reason: str
    case: str | None
    subjects: Sequence[str]


def record_access(engine: Engine, clock: Clock, access: Access) -> None:
    """Write the look-up to the access log and the journal, in one committed transaction.

    Args:
        engine: of the ledger.
        clock: dates the look-up.
        access: who looks at whose data, and why.

    Raises:
        UsageError: no reason, no case for more than `SUBJECTS_WITHOUT_CASE` subjects, or a number inside the reason or
            case.
    """
    _check(access)
    at = clock.now()
    row = {
        "at": to_micros(at),
        "actor": access.actor,
        "command": access.command,
        "reason": access.reason,
        "case_id": access.case,
        "subjects": len(access.subjects),
        "subjects_json": canonical_json(list(access.subjects)),
    }
    with database.transaction(engine) as work:
        work.execute(log_tables.access_log.insert(), row)
        journal.append(work, at, journal.Entry.LOOK_UP, access.command, _journalled(access, row))


def _journalled(access: Access, row: dict[str, object]) -> dict[str, object]:
    """Return what the journal keeps: a hash that pins the whole row of the access log, and no free text."""
    return {
        "access_sha256": sha256(canonical_json(row).encode()).hexdigest(),
        "case_id": access.case,
        "subjects": len(access.subjects),
    }


def _check(access: Access) -> None:
    if not access.reason.strip():
        raise UsageError("A look-up needs a reason.", "Say why with --reason TEXT; it is recorded.")
    if len(access.subjects) > SUBJECTS_WITHOUT_CASE and not (access.case or "").strip():
        raise UsageError(
            f"{len(access.subjects)} subjects are looked up at once.",
            f"Above {SUBJECTS_WITHOUT_CASE}, name the case that they belong to with --case ID.",
        )
    refuse_number(access.reason, "The reason")
    refuse_number(access.case or "", "The case")
