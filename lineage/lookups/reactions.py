"""What a person answered to us: replies as the gateway's listener read them, clicks and forms.

Opt-outs by STOP are read by `lineage.lookups.uses`, requests by `consent.acts.requests`. The text of a reply is kept
nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from consent.acts.person_acts import FactKind
from stores.operations import message_tables, person_tables
from stores.operations.database import VALUES_AT_ONCE
from terms.batches import batched
from terms.clock import from_micros, to_iso

#: Contacts in one statement, as for messages.

_SIGNS_OF_LIFE = [kind.value for kind in (FactKind.CLICK, FactKind.REPLY, FactKind.FORM)]


@dataclass(frozen=True)
class Reaction:
    """One answer: what it was (`stop`, `yes`, `other` of a reply; `click`, `reply`, `form` as entered), by whom told."""

    at: datetime
    known_at: datetime
    kind: str
    source: str  # the gateway of a reply, else who entered it
    is_reply: bool

    def to_json(self) -> dict[str, object]:
        """Return the reply as `filiation trace` prints it."""
        return {"at": to_iso(self.at), "known_at": to_iso(self.known_at), "meaning": self.kind, "gateway": self.source}


def reactions_of(engine: Engine, contact_ids: Sequence[str]) -> dict[str, list[Reaction]]:
    """Return what each of these contacts answered, in order of time."""
    found: dict[str, list[Reaction]] = defaultdict(list)
    with engine.connect() as reading:
        for some in batched(contact_ids, VALUES_AT_ONCE):
            for contact_id, reaction in _read(reading, some):
                found[contact_id].append(reaction)
    return {contact_id: sorted(told, key=lambda item: (item.at, item.kind)) for contact_id, told in found.items()}


def _read(reading: Connection, contact_ids: Sequence[str]) -> Iterator[tuple[str, Reaction]]:
    replies, facts = message_tables.replies, person_tables.contact_facts
    for row in reading.execute(select(replies).where(replies.c.contact_id.in_(contact_ids))):
        yield row.contact_id, Reaction(from_micros(row.at), from_micros(row.known_at), row.meaning, row.gateway, True)
    wanted = facts.c.contact_id.in_(contact_ids) & facts.c.kind.in_(_SIGNS_OF_LIFE)
    for row in reading.execute(select(facts).where(wanted)):
        at, known_at = from_micros(row.occurred_at), from_micros(row.known_at)
        yield row.contact_id, Reaction(at, known_at, row.kind, row.source, False)
