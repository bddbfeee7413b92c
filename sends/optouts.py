"""Opt-outs: a STOP, an objection or an erasure from any source becomes a row that counts for all sponsors at once.

Reading what a phone wrote belongs to `replies`; what an opt-out does to a use is judged by the base.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from partners_ingest.phone import normalise_number
from sends.house import SendStores
from stores import journal
from stores.operations import insert_once, opt_outs, transaction
from terms.clock import to_micros
from terms.errors import UsageError
from terms.free_text import refuse_number
from terms.identifiers import ContactId, digest


class OptOutKind(StrEnum):
    """What the person asked for."""

    STOP = "stop"
    OBJECTION = "objection"
    ERASURE = "erasure"


def opt_out(stores: SendStores, number: str, source: str) -> ContactId:
    """Take in a STOP from any source; it is effective from now on, for every sponsor and channel.

    Args:
        stores: the opened stores.
        number: in any way a person writes it.
        source: where the STOP came from, such as "letter of 24 November".

    Raises:
        UsageError: the number cannot be read (it is not repeated), or no source is given, or it holds a number.
    """
    if not source.strip():
        raise UsageError("An opt-out needs its source.", "Say where it came from with --source.")
    refuse_number(source, "The source")
    e164 = normalise_number(number, stores.number_rules)
    if e164 is None:
        raise UsageError("The number cannot be read.", "Write it as +33 6 …, or as 06 ….")
    contact_id, now = stores.keys.contact_id(e164), stores.clock.now()
    with transaction(stores.engine) as work:
        add_opt_out(work, contact_id, OptOutKind.STOP, source.strip(), effective_at=now, known_at=now)
    return contact_id


def add_opt_out(
    work: Connection,
    contact_id: ContactId,
    kind: OptOutKind,
    source: str,
    *,
    effective_at: datetime,
    known_at: datetime,
) -> bool:
    """Write an opt-out and its journal line in the caller's transaction; return False if it stood there already.

    Channel and sponsor stay empty: one action stops everything (R-12).
    """
    row = {
        "opt_out_id": digest(contact_id, kind.value, source, str(to_micros(effective_at)))[:32],
        "contact_id": contact_id,
        "kind": kind.value,
        "source": source,
        "channel": None,
        "sponsor_id": None,
        "effective_at": to_micros(effective_at),
        "known_at": to_micros(known_at),
    }
    if not insert_once(work, opt_outs, [row]):
        return False
    told: dict[str, object] = {"contact_id": contact_id, "kind": kind.value, "source": source}
    journal.append(work, known_at, journal.Entry.OPT_OUT, str(row["opt_out_id"]), told)
    return True
