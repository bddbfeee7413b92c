"""Removing persons from the ledger (the operations database): messages, requests and look-ups stay as counts about nobody.

Each id of a person is replaced by one made with a pepper that is forgotten at the end: rows still add up, and nothing
leads from a number to them. Journal lines about a person lose subject, text and salt (`sealing.seals.forgetting`);
their leaves stay. Files are the work of `lineage.erasure.erasure_files`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, ScalarResult, Table, select, update

from lineage.erasure.erasure_messages import write_while_nothing_leaves
from lineage.erasure.erasure_receipt import ErasedCounts
from lineage.erasure.erasure_traces import Person
from sealing.seals.forgetting import ERASED, forget_lines, forget_messages
from sealing.seals.messages import batches_of
from sends.ledger.plan_rows import find_plan
from sends.ledger.states import State
from sends.plans.approval import approved_sha256, audience_sha256, sign_reduction
from stores.all_stores import Stores
from stores.operations import erasure_tables, journal, log_tables, message_tables, person_tables, plan_tables
from stores.operations.database import VALUES_AT_ONCE
from stores.operations.rewrites import announce
from stores.operations.suppressions import open_mark
from terms import failpoint
from terms.batches import batched
from terms.canonical_json import canonical_json
from terms.clock import to_micros
from terms.errors import FiliationError
from terms.identifiers import digest, send_id

#: Ids as they stand in the journal: a contact (UUID), or hex digits.
_IDS = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32,64}")
_FETCH = 20_000
#: Tables with a row per act of a contact: key, and what a person wrote or what leads back to one.
_ACTS: Sequence[tuple[Table, str, Mapping[str, str | None]]] = (
    (person_tables.opt_outs, "opt_out_id", {"source": ERASED}),
    (person_tables.contact_facts, "fact_id", {"source": ERASED}),
    (person_tables.requests, "request_id", {"source": ERASED, "reason": None}),
    (message_tables.replies, "reply_id", {}),
)
#: Tables that name an act by its key.
_ABOUT: Mapping[str, Sequence[Table]] = {
    "request_id": (person_tables.request_answers,),
    "fact_id": (message_tables.agreement_exports,),
}


@dataclass(frozen=True)
class LedgerTraces:
    """What the ledger holds of one person: ids, and counts by kind."""

    person: Person
    renamed: Mapping[str, str]
    sends: int
    acts: int


def find_in_ledger(reading: Connection, person: Person) -> LedgerTraces:
    """Return the ids of a person's rows, and the id that replaces each: a message whose id was drawn by chance keeps it."""
    renamed = {person.contact_id: str(UUID(digest(person.pepper, person.contact_id)[:32]))}
    messages, events = message_tables.messages, message_tables.message_events
    theirs = select(messages.c.send_id, messages.c.plan_id).where(messages.c.contact_id == person.contact_id)
    sends = reading.execute(theirs).tuples().all()
    computed = [name for name, plan_id in sends if name == send_id(plan_id, person.contact_id)]
    told: list[str] = []
    for some in batched(computed, VALUES_AT_ONCE):
        told += _values(reading, events.c.event_id, events.c.send_id.in_(some))
    acts: list[str] = []
    for table, key, _ in _ACTS:
        acts += _values(reading, table.c[key], table.c.contact_id == person.contact_id)
    renamed |= {name: name for name, _ in sends}
    for name in (*computed, *told, *acts):
        renamed[name] = digest(person.pepper, name)[: len(name)]
    return LedgerTraces(person, renamed, len(sends), len(acts))


def forget_seals(stores: Stores, traces: Sequence[LedgerTraces]) -> None:
    """Destroy the salts of the persons' messages in the sealed batches, under the ids that the ledger will have."""
    table, renamed = message_tables.messages, _merged(traces)
    contacts = [item.person.contact_id for item in traces]
    with stores.engine.connect() as reading:
        plans: set[str] = set()
        for some in batched(contacts, VALUES_AT_ONCE):
            plans |= set(_values(reading, table.c.plan_id, table.c.contact_id.in_(some)))
        batches = [batch for plan_id in sorted(plans) for batch in batches_of(reading, plan_id)]
    for batch in batches:
        announce(stores.engine, stores.home, [batch.file(stores.home.log)], stores.clock.now())
        forget_messages(stores.home, batch, renamed)


def erase_from_ledger(
    stores: Stores, traces: Sequence[LedgerTraces], found: Mapping[str, ErasedCounts], now: datetime
) -> None:
    """Make the persons' rows rows about nobody, and end their erasures with a journal line each, in one transaction.

    Args:
        stores: the opened stores.
        traces: the ids of each person, and what replaces them; what came since is looked up again.
        found: counts by erasure, of files.
        now: the instant at which the erasures end.

    Raises:
        Refused: a message is being handed over to one of them; nothing was written.
    """
    contacts = [item.person.contact_id for item in traces]
    before = write_while_nothing_leaves(
        stores, contacts, lambda work: _erase(work, [find_in_ledger(work, item.person) for item in traces], found, now)
    )
    _sign_reductions(stores, before)


def _erase(
    work: Connection, traces: Sequence[LedgerTraces], found: Mapping[str, ErasedCounts], now: datetime
) -> dict[str, str]:
    """Make the persons' rows rows about nobody; return what the approved audiences were whose plans name them, by plan."""
    renamed = _merged(traces)
    approvals = _approvals(work, traces)
    before = {plan_id: audience_sha256(work, find_plan(work, plan_id)) for plan_id in approvals}
    looked_up = _erase_look_ups(work, renamed, now)
    lines = [
        *_lines_about(work, renamed),
        *(sequence for sequences in looked_up.values() for sequence in sequences),
    ]
    for item in traces:
        _open_mark(work, item.person)
        _rename_acts(work, item)
        _rename_messages(work, item)
    leaves = forget_lines(work, sorted(set(lines)))
    _approve_again(work, approvals, now)
    for place, item in enumerate(traces):
        counts = replace(
            found[item.person.erasure_id],
            sends=item.sends,
            acts=item.acts,
            look_ups=len(looked_up.get(item.person.contact_id, [])),
        )
        # the leaves of all persons of one run are told by the first: whose is whose must not be told
        _finish(work, item.person, counts, leaves if place == 0 else [], now)
    failpoint.reach("erasure.ledger_changed")
    after = {plan_id: audience_sha256(work, find_plan(work, plan_id)) for plan_id in approvals}
    return {plan_id: audience for plan_id, audience in before.items() if audience != after[plan_id]}


def _merged(traces: Sequence[LedgerTraces]) -> dict[str, str]:
    return {old: new for item in traces for old, new in item.renamed.items()}


def _rename_acts(work: Connection, item: LedgerTraces) -> None:
    contact = item.person.contact_id
    for table, key, blanks in _ACTS:
        for name in _values(work, table.c[key], table.c.contact_id == contact):
            values: dict[str, Any] = {key: item.renamed[name], "contact_id": item.renamed[contact], **blanks}
            for other in _ABOUT.get(key, ()):
                work.execute(update(other).where(other.c[key] == name).values({key: item.renamed[name]}))
            work.execute(update(table).where(table.c[key] == name).values(**values))
    facts = person_tables.contact_facts
    for old, new in item.renamed.items():
        work.execute(update(facts).where(facts.c.send_id == old).values(send_id=new))


def _rename_messages(work: Connection, item: LedgerTraces) -> None:
    contact, messages, events = item.person.contact_id, message_tables.messages, message_tables.message_events
    held = plan_tables.contact_reservations
    work.execute(update(held).where(held.c.contact_id == contact).values(contact_id=item.renamed[contact]))
    for name in _values(work, messages.c.send_id, messages.c.contact_id == contact):
        # the detail of an event may be the gateway's id of the message; of a claim it is our reference
        new_name, of_message = item.renamed[name], events.c.send_id == name
        if new_name == name:
            blank = of_message & (events.c.state != State.CLAIMED.value)
            work.execute(update(events).where(blank).values(detail=None))
        for event_id in _values(work, events.c.event_id, of_message) if new_name != name else ():
            new = {"event_id": item.renamed[event_id], "send_id": new_name, "detail": None}
            work.execute(update(events).where(events.c.event_id == event_id).values(**new))
        values = {"send_id": new_name, "contact_id": item.renamed[contact], "gateway_message_id": None}
        work.execute(update(messages).where(messages.c.send_id == name).values(**values))


def _lines_about(work: Connection, renamed: Mapping[str, str]) -> list[int]:
    """Return the journal lines that hold an id of a person."""
    table = log_tables.journal
    found: list[int] = []
    query = select(table.c.sequence, table.c.subject, table.c.payload_json).execution_options(yield_per=_FETCH)
    lines = work.execute(query).tuples()
    for rows in lines.partitions(_FETCH):
        for sequence, subject, payload in rows:
            if any(name in renamed for name in _IDS.findall(f"{subject} {payload}")):
                found.append(sequence)
    return found


def _erase_look_ups(work: Connection, renamed: Mapping[str, str], now: datetime) -> dict[str, list[int]]:
    """Take ids out of the access log; return by id the journal lines that pinned a changed row, and pin it anew."""
    table, pinned = log_tables.access_log, _pins(work)
    found: dict[str, list[int]] = {}
    for row in list(work.execute(select(table))):
        told = set(_IDS.findall(row.subjects_json)) & renamed.keys()
        if not told:
            continue
        before, text = _access_row(row), row.subjects_json
        for name in told:
            text = text.replace(name, ERASED)
            found.setdefault(name, []).extend(pinned.get(_sha256(before), []))
        work.execute(update(table).where(table.c.access_id == row.access_id).values(subjects_json=text))
        after = {"access_sha256": _sha256({**before, "subjects_json": text})}
        payload = {**after, "case_id": row.case_id, "subjects": row.subjects}
        journal.append(work, now, journal.Entry.LOOK_UP, row.command, payload)
    return found


def _pins(work: Connection) -> dict[str, list[int]]:
    """Return the journal lines of look-ups by the hash of the row that they pin."""
    table = log_tables.journal
    query = select(table.c.sequence, table.c.payload_json).where(table.c.kind == journal.Entry.LOOK_UP.value)
    found: dict[str, list[int]] = {}
    for sequence, payload in work.execute(query).tuples():
        for name in _IDS.findall(payload):
            found.setdefault(name, []).append(sequence)
    return found


def _access_row(row: Row[Any]) -> dict[str, object]:
    return {
        column.name: getattr(row, column.name) for column in log_tables.access_log.columns if column.name != "access_id"
    }


def _sha256(row: Mapping[str, object]) -> str:
    return sha256(canonical_json(dict(row)).encode()).hexdigest()


def _approvals(work: Connection, traces: Sequence[LedgerTraces]) -> list[str]:
    """Return the plans with messages to the persons whose approval holds now: what is about nobody is approved too."""
    messages, approvals = message_tables.messages, plan_tables.approvals
    found: list[str] = []
    plans: set[str] = set()
    for some in batched([item.person.contact_id for item in traces], VALUES_AT_ONCE):
        plans |= set(_values(work, messages.c.plan_id, messages.c.contact_id.in_(some)))
    for plan_id in sorted(plans):
        wanted = work.execute(select(approvals.c.approved_sha256).where(approvals.c.plan_id == plan_id)).scalar()
        if wanted is not None and wanted == approved_sha256(work, find_plan(work, plan_id)):
            found.append(plan_id)
    return found


def _approve_again(work: Connection, plans: Iterable[str], now: datetime) -> None:
    table = plan_tables.approvals
    for plan_id in plans:
        told = {"approved_sha256": approved_sha256(work, find_plan(work, plan_id))}
        if work.execute(select(table.c.approved_sha256).where(table.c.plan_id == plan_id)).scalar() in told.values():
            continue  # no message has another id
        work.execute(update(table).where(table.c.plan_id == plan_id).values(**told))
        journal.append(work, now, journal.Entry.APPROVAL, plan_id, {**told, "because": "a person was erased"})


def _sign_reductions(stores: Stores, before: Mapping[str, str]) -> None:
    """Let approvals go on without the persons; where nobody who may signs (a timer), the plan is to be approved again."""
    for plan_id, audience in before.items():
        try:
            sign_reduction(stores, plan_id, audience)
        except FiliationError:
            continue


def _open_mark(work: Connection, person: Person) -> None:
    """Let the mark of a purge let in later acts, unless the person's STOP goes now: the mark takes its place."""
    erasures, opt_outs, marks = erasure_tables.erasures, person_tables.opt_outs, erasure_tables.suppression_marks
    work.execute(select(marks.c.mark).where(marks.c.mark == person.mark).with_for_update())
    of_this = erasures.c.erasure_id == person.erasure_id
    acts_from: int | None = work.execute(select(erasures.c.acts_from).where(of_this)).scalar_one()
    stopped = work.execute(select(opt_outs.c.opt_out_id).where(opt_outs.c.contact_id == person.contact_id)).first()
    if acts_from is not None and stopped is None:
        open_mark(work, person.mark, acts_from)


def _finish(work: Connection, person: Person, found: ErasedCounts, leaves: Sequence[int], now: datetime) -> None:
    table, counts = erasure_tables.erasures, dict(found.__dict__)
    done = {"found_json": canonical_json({"counts": counts}), "finished_at": to_micros(now)}
    work.execute(update(table).where(table.c.erasure_id == person.erasure_id).values(**done))
    row = work.execute(select(table).where(table.c.erasure_id == person.erasure_id)).one()
    told = {"mark": person.mark, "case_id": row.case_id, "started_at": row.started_at, "found": counts}
    journal.append(work, now, journal.Entry.ERASURE, person.erasure_id, {**told, "leaves": list(leaves)})


def _values(connection: Connection, column: ColumnElement[str], where: ColumnElement[bool]) -> list[str]:
    found: ScalarResult[str] = connection.execute(select(column).where(where)).scalars()
    return list(found)
