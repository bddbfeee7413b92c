"""Comparing rows of the ledger (the operations database) with their journal lines.

Log, files, messages and papers have checks of their own beside this one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, Table, select

from sealing.checks.alterations import Alteration, Mismatch
from sealing.seals.forgetting import ERASED
from stores.operations import delivery_tables, log_tables, person_tables, plan_tables
from stores.operations.journal import Entry

#: Tables whose rows must agree with their newest journal line: table, its key, and columns that other lines change.
_TABLES: Mapping[Entry, tuple[Table, str, frozenset[str]]] = {
    Entry.DELIVERY: (delivery_tables.deliveries, "delivery_id", frozenset()),
    Entry.OPT_OUT: (person_tables.opt_outs, "opt_out_id", frozenset()),
    Entry.CONTACT_FACT: (person_tables.contact_facts, "fact_id", frozenset()),
    Entry.REQUEST: (person_tables.requests, "request_id", frozenset()),
    Entry.REQUEST_ANSWER: (person_tables.request_answers, "request_id", frozenset()),
    Entry.PLAN: (plan_tables.plans, "plan_id", frozenset({"state", "is_paused"})),
    Entry.APPROVAL: (plan_tables.approvals, "plan_id", frozenset()),
}


def check_ledger(reading: Connection) -> Iterator[Mismatch]:
    """Yield the rows that are missing, or that differ from what their journal lines say."""
    for kind, (table, key, changing) in _TABLES.items():
        yield from _unequal_rows(reading, table, key, changing, _told(reading, kind))


def payload_of(text: str) -> dict[str, object]:
    """Return the payload of a journal line; empty if the text is no JSON object any more."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _told(reading: Connection, kind: Entry) -> dict[str, dict[str, object]]:
    journal = log_tables.journal
    query = select(journal.c.subject, journal.c.payload_json).where(
        journal.c.kind == kind.value, journal.c.subject != ERASED
    )
    told: dict[str, dict[str, object]] = defaultdict(dict)
    for subject, payload in reading.execute(query.order_by(journal.c.sequence)).tuples():
        told[subject].update(payload_of(payload))
    return told


def _unequal_rows(
    reading: Connection, table: Table, key: str, changing: frozenset[str], told: Mapping[str, Mapping[str, object]]
) -> Iterator[Mismatch]:
    rows = {row[key]: row for row in reading.execute(select(table)).mappings()}
    for subject, payload in told.items():
        row = rows.get(subject)
        if row is None:
            yield Mismatch(Alteration.LEDGER_MISSING, f"{table.name} {subject}")
        elif any(row[name] != value for name, value in payload.items() if name in row and name not in changing):
            yield Mismatch(Alteration.LEDGER_CHANGED, f"{table.name} {subject}")
