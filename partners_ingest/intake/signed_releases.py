"""A release of a held delivery is signed, and checked again before the run that acts on it.

What may be released, and writing the decision down, belongs to `decisions`.
"""

from __future__ import annotations

from sqlalchemy import select

from partners_ingest.intake import decisions
from partners_ingest.intake.delivery_records import DecisionKind
from staff.acts import Act
from staff.decisions import enter, rely_on, sign
from staff.desk import Desk
from staff.signed_records import Decision
from stores.operations.delivery_tables import delivery_decisions


def release_signed(desk: Desk, delivery_id: str, why: str) -> None:
    """Let the acting person release a held delivery, signed; it goes in at the next refresh.

    Args:
        desk: the opened stores.
        delivery_id: the delivery.
        why: the reason, without a number of a person.

    Raises:
        UsageError: as `decisions.release`.
        Refused: as `decisions.release`, or the person may not.
    """
    decision = decisions.Decision(delivery_id, desk.settings.actor, why, desk.clock.now())
    decisions.check_releasable(desk.engine, decision)
    signed = sign(desk, _signed(delivery_id, why))
    decisions.release(desk.engine, decision, lambda work: enter(work, desk, signed))


def check_releases(desk: Desk) -> None:
    """Refuse to take in anything while a release waits that nobody signed who may.

    Raises:
        Refused: says which delivery.
    """
    table = delivery_decisions
    waiting = (table.c.kind == DecisionKind.RELEASE.value) & table.c.applied_at.is_(None)
    with desk.engine.connect() as reading:
        for row in reading.execute(select(table.c.delivery_id, table.c.why).where(waiting)).all():
            rely_on(reading, desk, _signed(row.delivery_id, row.why))


def _signed(delivery_id: str, why: str) -> Decision:
    return Decision(Act.RELEASE, delivery_id, {"why": why})
