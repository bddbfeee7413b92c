"""Readmitting an erased person: by a later, direct agreement that somebody has seen, and by no earlier act.

Whether an act is direct is judged by the base as for anybody: opening the mark adds an opt-out of the instant at which
the mark closed, so an agreement through a partner stays barred. Keeping records of marked persons out of deliveries
belongs to `partners_ingest.erased`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from consent.acts.person_acts import ActKind, suppress
from lineage.lookups.access_log import Access, record_access
from partners_ingest.rows.asked_numbers import asked_number
from staff.acts import Act
from staff.decisions import enter, sign
from staff.signed_records import Decision
from stores.all_stores import Stores
from stores.operations import database, erasure_tables, journal
from stores.operations.suppressions import open_mark
from terms.clock import from_micros, to_iso, to_micros
from terms.errors import Refused, UsageError

_SOURCE = "readmission"


def readmit(stores: Stores, number: str, since: datetime, *, case: str, reason: str) -> None:
    """Let in what the person of this number did from an instant on; everything before stays out.

    Args:
        stores: the opened stores.
        number: as people write it.
        since: when the person agreed again (aware): after the erasure, and not in the future.
        case: where the agreement was seen; recorded.
        reason: why; recorded.

    Raises:
        UsageError: no case, no reason, a text that is not one phone number, a person who is not kept out, or an instant
            that is not after the erasure.
        Refused: an erasure of the person is running, or the acting person may not let anybody in.
    """
    e164 = asked_number(number, stores.number_rules)
    if not case.strip():
        raise UsageError("A readmission needs a case.", "Give --case ID: where the person's new agreement was seen.")
    mark, now = stores.keys.suppression.hex(e164), stores.clock.now()
    record_access(stores.engine, stores.clock, Access("readmit", stores.settings.actor, reason, case.strip(), [mark]))
    decision = Decision(Act.READMIT, mark, {"acts_from": to_micros(since), "case_id": case.strip()})
    with stores.engine.connect() as reading:
        _check_since(reading, mark, since, now)
    signed = sign(stores, decision)
    with database.transaction(stores.engine) as work:
        enter(work, stores, signed)
        closed_at = _check_since(work, mark, since, now)
        open_mark(work, mark, to_micros(since))
        contact_id = stores.keys.contact_id(e164)
        suppress(work, contact_id, ActKind.ERASURE, _SOURCE, effective_at=closed_at, known_at=now)
        told = {"case_id": case.strip(), "acts_from": to_micros(since), "closed_at": to_micros(closed_at)}
        journal.append(work, now, journal.Entry.READMISSION, mark, told)


def _check_since(work: Connection, mark: str, since: datetime, now: datetime) -> datetime:
    """Return since when the mark lets nothing in, where the agreement is later than that."""
    closed_at = _closed_at(work, mark)
    if not closed_at < since <= now:
        raise UsageError(
            f"An agreement of {to_iso(since)} lets nobody in: it must be later than {to_iso(closed_at)}, and not to come.",
            "Give --since the instant at which the person agreed anew.",
        )
    return closed_at


def _closed_at(work: Connection, mark: str) -> datetime:
    """Return since when the mark lets nothing in."""
    marks, erasures = erasure_tables.suppression_marks, erasure_tables.erasures
    closed = select(marks.c.marked_at).where(marks.c.mark == mark, marks.c.acts_from.is_(None)).with_for_update()
    found = work.execute(closed).scalar_one_or_none()
    if found is None:
        raise UsageError("Nobody of this number is kept out.", "There is nothing to readmit.")
    running = select(erasures.c.erasure_id).where(erasures.c.mark == mark, erasures.c.finished_at.is_(None))
    if work.execute(running).first() is not None:
        raise Refused(
            "This person is being taken out now.", "Run `filiation erase` or `filiation purge` to its end first."
        )
    return from_micros(found)
