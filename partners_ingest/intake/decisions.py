"""A person's decisions about a delivery: release it, refuse it, read it again; who decided and why is kept.

Which reasons may be overruled is decided by `quality`; judging and reading the file again belongs to `take_in`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, RowMapping, select, update

from partners_ingest.intake.delivery_records import DecisionKind
from partners_ingest.intake.quality import RELEASABLE
from stores.operations import database, delivery_tables, journal
from terms.clock import to_micros
from terms.errors import Refused, UsageError
from terms.free_text import refuse_number
from terms.reasons import FileOutcome


@dataclass(frozen=True)
class Decision:
    """Which delivery, who decided, why, and when."""

    delivery_id: str
    by: str
    why: str
    at: datetime


def release(engine: Engine, decision: Decision, confirm: Callable[[Connection], None] = lambda _: None) -> None:
    """Record that a held delivery may go in; it does so at the next refresh, which asks for a signature.

    Args:
        engine: of the operations database.
        decision: which delivery, who, why.
        confirm: writes in the same transaction that it is signed (`signed_releases`).

    Raises:
        UsageError: no such delivery, or no reason was given.
        Refused: it is not held, or what holds it cannot be overruled: the file cannot be read.
    """
    with database.transaction(engine) as work:
        _check_releasable(work, decision)
        _record(work, DecisionKind.RELEASE, decision)
        confirm(work)


def check_releasable(engine: Engine, decision: Decision) -> None:
    """Refuse what `release` would refuse, before a person signs it.

    Raises:
        UsageError: no such delivery, or no reason was given.
        Refused: it is not held, or what holds it cannot be overruled.
    """
    with engine.connect() as reading:
        _check_releasable(reading, decision)


def refuse(engine: Engine, decision: Decision) -> None:
    """Record that a held delivery will not go in: it is refused now, and not judged again.

    Raises:
        UsageError: no such delivery, or no reason was given.
        Refused: it is not held.
    """
    table = delivery_tables.deliveries
    with database.transaction(engine) as work:
        _held(work, decision, "refused")
        refused = update(table).where(table.c.delivery_id == decision.delivery_id)
        work.execute(refused.values(outcome=FileOutcome.REFUSED.value))
        _record(work, DecisionKind.REFUSE, decision)


def reread(engine: Engine, decision: Decision) -> None:
    """Record that an accepted delivery is to be read again by its dossier as it then is, at the next refresh.

    Raises:
        UsageError: no such delivery, or no reason was given.
        Refused: it was not accepted: a held one is judged again by itself when its dossier changes.
    """
    with database.transaction(engine) as work:
        found = _found(work, decision)
        if found["outcome"] != FileOutcome.ACCEPTED:
            raise Refused(
                f"Delivery {decision.delivery_id} is {found['outcome']}, not accepted.",
                "Only what was read can be read again; a held one is judged again when its dossier changes.",
            )
        _record(work, DecisionKind.REREAD, decision)


def _check_releasable(work: Connection, decision: Decision) -> None:
    found = _held(work, decision, "released")
    if found["reason"] not in RELEASABLE:
        raise Refused(
            f"Delivery {decision.delivery_id} is held as {found['reason']}.",
            "That cannot be overruled: correct the dossier, or ask the partner for a file that can be read.",
        )


def _held(work: Connection, decision: Decision, what: str) -> RowMapping:
    found = _found(work, decision)
    if found["outcome"] != FileOutcome.HELD:
        raise Refused(
            f"Delivery {decision.delivery_id} is {found['outcome']}, not held.", f"Only a held one can be {what}."
        )
    return found


def _found(work: Connection, decision: Decision) -> RowMapping:
    if not decision.why.strip():
        raise UsageError("No reason was given.", "Say with --why why you decide so; it is recorded.")
    refuse_number(decision.why, "The reason")
    table = delivery_tables.deliveries
    query = select(table).where(table.c.delivery_id == decision.delivery_id)
    found = work.execute(query).mappings().first()
    if found is None:
        raise UsageError(f"There is no delivery {decision.delivery_id}.", "See `filiation deliveries`.")
    return found


def _record(work: Connection, kind: DecisionKind, decision: Decision) -> None:
    row = {
        "delivery_id": decision.delivery_id,
        "kind": kind.value,
        "decided_at": to_micros(decision.at),
        "decided_by": decision.by,
        "why": decision.why,
        "applied_at": to_micros(decision.at) if kind is DecisionKind.REFUSE else None,
    }
    work.execute(delivery_tables.delivery_decisions.insert().values(**row))
    journal.append(work, decision.at, journal.Entry.DECISION, decision.delivery_id, row)
