"""Erasing persons: identity is removed from every store, a mark keeps the number out, and the log proves the receipt.

Here is the order of the steps, and what a killed run leaves for the next. Marks come first, so that from then on nobody
is found or let in; then evidence, vault, lake, base and ledger, each step safe to repeat; the ledger's transaction is
the end. Each step is done in a module `erasure_…` beside this one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from consent.acts.act_entry import ActDesk
from consent.acts.person_acts import ActKind
from consent.acts.requests import Answer, answer_request
from lineage.erasure.erasure_files import erase_from_lake, erase_from_vault
from lineage.erasure.erasure_ledger import erase_from_ledger, find_in_ledger, forget_seals
from lineage.erasure.erasure_messages import write_while_nothing_leaves
from lineage.erasure.erasure_receipt import ErasedCounts, ErasureReceipt
from lineage.erasure.erasure_traces import Person, Progress, Traces, find_traces
from lineage.lookups.access_log import Access, record_access
from partners_ingest.erased.redaction import KeptDelivery, destroy, kept_deliveries, redact_lines
from partners_ingest.rows.asked_numbers import asked_numbers, number_reader
from publishing.erasing import Erased, publish_without
from sealing.log.log import Log
from sealing.log.proofs import prove_lines
from sealing.seals.seal import seal
from staff.acts import Act
from staff.decisions import decide
from staff.signed_records import Decision
from stores.all_stores import Stores
from stores.evidence.redactions import redacted_lines
from stores.operations import database, erasure_tables, person_tables
from stores.operations.database import compact
from stores.operations.journal import Entry
from stores.operations.rewrites import announced
from stores.operations.suppressions import close_mark
from terms import failpoint
from terms.canonical_json import canonical_json
from terms.clock import from_micros, to_micros
from terms.errors import FiliationError, UsageError
from terms.identifiers import digest

_SALTS = "vault/salts/"
_ANSWER = "Erased; the receipt is sealed in the log."


def erase(
    stores: Stores, numbers: Sequence[str], *, case: str, reason: str, progress: Progress
) -> list[ErasureReceipt]:
    """Erase the persons of these numbers.

    After a crash, run it again. A number that was erased before under the same case, and of which nothing is left, gets
    its receipt again. The caller holds the writer's lock. Source: R-20.

    Args:
        stores: the opened stores.
        numbers: as people write them; the same one twice is one.
        case: the case that the erasure belongs to; recorded.
        reason: why; recorded.
        progress: gets a line per step, without any value of a person.

    Returns:
        A receipt per number, in the order asked.

    Raises:
        UsageError: no case, no reason, or a text that is not one phone number (named by its position).
        Refused: a message is being handed over to one of them, or the acting person may not erase.
    """
    asked = asked_numbers(numbers, stores.number_rules)
    marks = {number: stores.keys.suppression.hex(number) for number in asked}
    if not case.strip():
        raise UsageError("An erasure needs a case.", "Give --case ID.")
    decide(stores, Decision(Act.ERASE, case.strip(), {"marks": digest(*sorted(marks.values())), "persons": len(marks)}))
    record_access(
        stores.engine, stores.clock, Access("erase", stores.settings.actor, reason, case.strip(), list(marks.values()))
    )
    persons = begin_erasures(stores, marks, case.strip())
    failpoint.reach("erasure.marked")
    traces = find_begun(stores, persons, progress)
    again = _erased_before(stores, persons, case.strip())
    persons = [person for person in persons if person.mark not in again]
    end_begun(stores, persons, traces, progress)
    ended = again | {person.mark: person.erasure_id for person in persons}
    return [receipt_of(stores, ended[mark]) for mark in marks.values()]


def find_begun(stores: Stores, persons: Sequence[Person], progress: Progress) -> Traces:
    """Search the traces of persons whose marks and erasures are written, and record what was found.

    Args:
        stores: the opened stores.
        persons: whose erasures have begun.
        progress: gets a line per step.

    Returns:
        What the files hold of them; what the ledger holds is counted in their erasures.

    """
    _answer_requests(stores, persons)
    traces = _search(stores, persons, progress)
    failpoint.reach("erasure.searched")
    return traces


def end_begun(stores: Stores, persons: Sequence[Person], traces: Traces, progress: Progress) -> None:
    """Remove what was found, store by store, and seal it; each step is safe to repeat.

    Args:
        stores: the opened stores.
        persons: whose erasures have begun.
        traces: what `find_begun` returned.
        progress: gets a line per step.
    """
    _redact(stores, traces, progress)
    failpoint.reach("erasure.evidence_redacted")
    erase_from_vault(stores, persons, traces)
    failpoint.reach("erasure.vault_erased")
    erase_from_lake(stores, persons, traces)
    failpoint.reach("erasure.lake_erased")
    _publish(stores, persons, progress)
    failpoint.reach("erasure.base_published")
    _erase_ledger(stores, persons)
    failpoint.reach("erasure.ledger_erased")
    compact(stores.engine)
    seal(stores)


def receipt_of(stores: Stores, erasure_id: str) -> ErasureReceipt:
    """Return the receipt of an erasure that has ended and is sealed.

    Raises:
        UsageError: no erasure has this id, it has not ended, or no checkpoint covers it yet.
    """
    table, log = erasure_tables.erasures, Log.of(stores)
    with stores.engine.connect() as reading:
        row = reading.execute(select(table).where(table.c.erasure_id == erasure_id)).first()
    checkpoint = log.last_checkpoint()
    proofs = prove_lines(log, checkpoint, Entry.ERASURE.value, [erasure_id]) if checkpoint else []
    if row is None or row.finished_at is None or checkpoint is None or not proofs:
        raise UsageError("There is no sealed erasure of this id.", "Run `filiation erase` again, with the same case.")
    return ErasureReceipt(
        erasure_id=erasure_id,
        mark=row.mark,
        case_id=row.case_id,
        erased_by=row.started_by,
        started_at=from_micros(row.started_at),
        finished_at=from_micros(row.finished_at),
        found=ErasedCounts(**json.loads(row.found_json)["counts"]),
        checkpoint=log.key.sign(checkpoint),
        proof=proofs[-1],
    )


def begin_erasures(
    stores: Stores, marks: Mapping[str, str], case: str, acts_from: datetime | None = None
) -> list[Person]:
    """Close marks and write erasures, or find those that an earlier run began or ended under the same case.

    Args:
        stores: the opened stores.
        marks: mark by number.
        case: what they belong to.
        acts_from: the instant from which the marks let acts in once these erasures have ended; None = nothing, ever,
            and a killed purge of one of these persons will then let nothing in either.

    Raises:
        Refused: a message is being handed over to one of them; no mark was closed.
    """
    begun = _Begun(case, stores.settings.actor, to_micros(stores.clock.now()))
    opens = None if acts_from is None else to_micros(acts_from)
    contacts = {number: stores.keys.contact_id(number) for number in marks}

    def close_marks(work: Connection) -> list[Person]:
        ids = [(number, mark, *_begin_one(work, mark, begun, opens)) for number, mark in marks.items()]
        return [Person(erasure_id, number, contacts[number], mark, pepper) for number, mark, erasure_id, pepper in ids]

    return write_while_nothing_leaves(stores, list(contacts.values()), close_marks)


@dataclass(frozen=True)
class _Begun:
    """What erasures that begin together have alike: case, who begins them, and the instant in microseconds of UTC."""

    case: str
    by: str
    at: int


def _begin_one(work: Connection, mark: str, begun: _Begun, opens: int | None) -> tuple[str, str]:
    """Close a mark and write its erasure, or find the one that is running; return its id and its pepper."""
    table = erasure_tables.erasures
    is_new = close_mark(work, mark, begun.at)
    running = (table.c.mark == mark) & table.c.finished_at.is_(None)
    known = work.execute(select(table).where(running).limit(1)).first()
    if known is not None:
        if opens is None:
            work.execute(update(table).where(running).values(acts_from=None))
        return known.erasure_id, json.loads(known.found_json)["pepper"]
    erasure_id, pepper = secrets.token_hex(16), secrets.token_hex(32)
    row = {"erasure_id": erasure_id, "mark": mark, "case_id": begun.case, "started_at": begun.at}
    told = {"started_by": begun.by, "found_json": canonical_json({"pepper": pepper})}
    work.execute(table.insert().values(**row, **told, acts_from=opens if is_new else None))
    return erasure_id, pepper


def _answer_requests(stores: Stores, persons: Sequence[Person]) -> None:
    """Answer the open requests for erasure of these persons: what they asked for is being done."""
    requests, answers = person_tables.requests, person_tables.request_answers
    contacts = {person.contact_id for person in persons}
    waiting = (
        select(requests.c.request_id, requests.c.contact_id)
        .outerjoin(answers, answers.c.request_id == requests.c.request_id)
        .where(requests.c.kind == ActKind.ERASURE.value, answers.c.request_id.is_(None))
    )
    with stores.engine.connect() as reading:
        found = [row.request_id for row in reading.execute(waiting) if row.contact_id in contacts]
    for request_id in found:
        answer_request(
            ActDesk(stores, number_reader(stores.number_rules)),
            request_id,
            Answer(stores.clock.now(), _ANSWER),
        )


def _search(stores: Stores, persons: Sequence[Person], progress: Progress) -> Traces:
    """Search everything, and record what was found before anything is changed: after a crash the record is complete."""
    progress(f"searching {len(persons)} persons in every store")
    traces = find_traces(stores, persons, progress)
    table = erasure_tables.erasures
    with database.transaction(stores.engine) as work:
        for person in persons:
            told = json.loads(_found_json(work, person))
            if "counts" not in told:
                told |= {"counts": asdict(_counts(person, traces)), "sources": [], "addresses": []}
            told["sources"] = sorted({*told["sources"], *_keys_of(person, traces.source_keys)})
            told["addresses"] = sorted({*told["addresses"], *_keys_of(person, traces.address_keys)})
            of_this = table.c.erasure_id == person.erasure_id
            work.execute(update(table).where(of_this).values(found_json=canonical_json(told)))
    return traces


def _erased_before(stores: Stores, persons: Sequence[Person], case: str) -> dict[str, str]:
    """Return mark -> erasure of those who were erased under this case already and of whom nothing is left."""
    table, found = erasure_tables.erasures, dict[str, str]()
    with database.transaction(stores.engine) as work:
        for person in persons:
            ended = (table.c.mark == person.mark) & (table.c.case_id == case) & table.c.finished_at.is_not(None)
            before = work.execute(select(table.c.erasure_id).where(ended).limit(1)).scalar_one_or_none()
            counts = ErasedCounts(**json.loads(_found_json(work, person))["counts"])
            nothing = ErasedCounts(unopened_files=counts.unopened_files)
            ledger = find_in_ledger(work, person)
            if before is not None and counts == nothing and ledger.sends + ledger.acts == 0:
                found[person.mark] = before
                work.execute(delete(table).where(table.c.erasure_id == person.erasure_id))
    return found


def _counts(person: Person, traces: Traces) -> ErasedCounts:
    mine = person.erasure_id
    lines = {name: sum(mine in erasures for erasures in lines.values()) for name, lines in traces.lines.items()}
    opt_ins, withdrawals = traces.rows.get(mine, (0, 0))
    return ErasedCounts(
        opt_ins=opt_ins,
        withdrawals=withdrawals,
        lines=sum(lines.values()),
        deliveries=sum(count > 0 for count in lines.values()),
        whole_files=sum(mine in erasures for erasures in traces.whole_files.values()),
        unopened_files=len(traces.unopened),
    )


def _keys_of(person: Person, keys: Mapping[str, str]) -> list[str]:
    return [key for key, erasure_id in keys.items() if erasure_id == person.erasure_id]


def _redact(stores: Stores, traces: Traces, progress: Progress) -> None:
    """Redact the lines that were found; what an earlier run redacted loses the salts that it left."""
    for path in announced(stores.engine):
        if path.startswith(_SALTS):
            delivery_id = path.removeprefix(_SALTS).removesuffix(".parquet")
            stores.vault.drop_salts(delivery_id, sorted(redacted_lines(stores.engine, delivery_id)))
    for delivery in kept_deliveries(stores.engine):
        if _redact_one(stores, traces, delivery):
            failpoint.reach("erasure.file_redacted")
    progress(f"redacted lines in {len(traces.lines)} delivered files")


def _redact_one(stores: Stores, traces: Traces, delivery: KeptDelivery) -> bool:
    lines = traces.lines.get(delivery.delivery_id, {}).keys()
    if delivery.delivery_id in traces.whole_files:
        destroy(stores, delivery, stores.clock.now())
    elif lines - redacted_lines(stores.engine, delivery.delivery_id):
        redact_lines(stores, delivery, lines, stores.clock.now())
    else:
        return False
    return True


def _publish(stores: Stores, persons: Sequence[Person], progress: Progress) -> None:
    """Publish the base without the persons; the keys that only they had were written down by the search."""
    told = [_told(stores, person) for person in persons]
    version = publish_without(
        stores,
        Erased(
            contact_ids=[person.contact_id for person in persons],
            source_keys=[key for item in told for key in item["sources"]],
            address_keys=[key for item in told for key in item["addresses"]],
        ),
    )
    progress(f"published {version} without them" if version else "the base holds nothing of them")


def _told(stores: Stores, person: Person) -> dict[str, list[str]]:
    with stores.engine.connect() as reading:
        found: dict[str, list[str]] = json.loads(_found_json(reading, person))
    return found


def _found_json(connection: Connection, person: Person) -> str:
    table = erasure_tables.erasures
    query = select(table.c.found_json).where(table.c.erasure_id == person.erasure_id)
    found: str = connection.execute(query).scalar_one()
    return found


def _erase_ledger(stores: Stores, persons: Sequence[Person]) -> None:
    found = {person.erasure_id: ErasedCounts(**_counted(stores, person)) for person in persons}
    with stores.engine.connect() as reading:
        traces = [find_in_ledger(reading, person) for person in persons]
    forget_seals(stores, traces)
    failpoint.reach("erasure.seals_forgotten")
    erase_from_ledger(stores, traces, found, stores.clock.now())


def _counted(stores: Stores, person: Person) -> dict[str, int]:
    counts = _told(stores, person)["counts"]
    if not isinstance(counts, dict):
        raise FiliationError(f"Erasure {person.erasure_id} has no counts.", "Run `filiation erase` again.")
    return counts
