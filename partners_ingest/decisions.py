"""A person's decision about a held delivery: it goes in at the next refresh, and who decided and why is kept.

Which reasons may be overruled is `intake`'s; judging the file again is too.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select

from partners_ingest.intake import RELEASABLE
from stores import journal, operations
from terms.clock import to_micros
from terms.errors import Refused, UsageError
from terms.reasons import FileOutcome


def release(engine: Engine, delivery_id: str, by: str, why: str, now: datetime) -> None:
    """Record that a held delivery may go in.

    Raises:
        UsageError: no such delivery, or no reason was given.
        Refused: it is not held, or what holds it cannot be overruled: the file cannot be read.
    """
    if not why.strip():
        raise UsageError("No reason was given.", "Say with --why why the file may go in.")
    table = operations.deliveries
    with operations.transaction(engine) as work:
        found = work.execute(select(table).where(table.c.delivery_id == delivery_id)).mappings().first()
        if found is None:
            raise UsageError(f"There is no delivery {delivery_id}.", "See `filiation deliveries`.")
        if found["outcome"] != FileOutcome.HELD:
            raise Refused(
                f"Delivery {delivery_id} is {found['outcome']}, not held.", "Only a held one can be released."
            )
        if found["reason"] not in RELEASABLE:
            raise Refused(
                f"Delivery {delivery_id} is held as {found['reason']}.",
                "That cannot be overruled: correct the dossier, or ask the partner for a file that can be read.",
            )
        decision = {"delivery_id": delivery_id, "decided_at": to_micros(now), "decided_by": by, "why": why}
        work.execute(operations.delivery_decisions.insert().values(**decision))
        journal.append(work, now, journal.Entry.DECISION, delivery_id, decision)
