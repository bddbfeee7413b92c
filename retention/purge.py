"""A purge: deleting what is older than the operator keeps it, by dated rules, told as counts and proved by the log.

The order of its steps belongs here, and ending one that was killed: a purge keeps its number until its entry is written. What is
due is found by `retention.due_persons` and `retention.due_records`; persons are deleted by the steps of an erasure
(`lineage.erasure.erasure`), records of campaigns by `retention.purge_records`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, ScalarResult, Table, func, select, update

from lineage.erasure.erasure import begin_erasures, end_begun, find_begun
from lineage.erasure.erasure_traces import Person, Progress
from lineage.lookups.access_log import Access, record_access
from retention.due_persons import find_due_persons
from retention.due_records import find_due_records
from retention.periods import Kept, RetentionRule, read_retention
from retention.purge_records import purge_records
from sealing.log.log import Log
from sealing.log.proofs import Proof, prove_lines
from sealing.seals.seal import seal
from staff.acts import Act
from staff.decisions import decide
from staff.signed_configuration import Part, configuration_decision, folder_of, require_signed
from staff.signed_records import Decision
from staff.standing_orders import standing_order
from stores.all_stores import Stores
from stores.operations import database, erasure_tables, journal, log_tables, message_tables, person_tables
from stores.operations.database import VALUES_AT_ONCE, compact
from stores.operations.journal import Entry
from stores.schemas import vault_tables
from terms import failpoint
from terms.batches import batched
from terms.canonical_json import canonical_json
from terms.errors import FiliationError
from terms.paris import day_in_paris, midnight_in_paris

#: Persons of one pass over the evidence: their numbers are looked for together.
_BATCH = 20_000
#: What is added up over persons; a file in which two of them stood would count twice.
_OF_EACH_PERSON = ("opt_ins", "withdrawals", "lines", "sends", "acts", "look_ups")


@dataclass(frozen=True)
class Due:
    """What is due by one rule: counts by store, without whose it is."""

    rule: RetentionRule
    counts: Mapping[str, Mapping[str, int]]

    def to_json(self) -> dict[str, object]:
        """Return the line of `filiation purge --dry-run --json`."""
        rule = self.rule
        return {"rule": rule.code, "kept": rule.kept.value, "months": rule.months, "counts": self.counts}


@dataclass(frozen=True)
class PurgeReceipt:
    """One purge by one rule: counts of what was deleted, and the entry of the log that proves it.

    Attributes:
        purge_id: code of the rule and number of the purge; what its entry in the log is about.
        rule_sha256: hash of the rule that the purge followed.
        counts: what was deleted, by table or kind.
        checkpoint: signed note of the log (C2SP) that covers the entry.
        proof: inclusion proof of the entry, to the root of that checkpoint.
    """

    purge_id: str
    rule_sha256: str
    counts: Mapping[str, int]
    checkpoint: str
    proof: Proof

    def to_json(self) -> dict[str, object]:
        """Return the receipt as `filiation purge --json` prints it."""
        return {
            "purge_id": self.purge_id,
            "rule_sha256": self.rule_sha256,
            "counts": self.counts,
            "log": {"leaf": self.proof.index, "checkpoint": self.checkpoint, "proof": self.proof.to_json()},
        }


def find_due(stores: Stores) -> list[Due]:
    """Return what each rule in force would delete now, in the order of the rules; nothing is changed.

    Raises:
        UsageError: `config/retention/` cannot be read, or has a period that is shorter than the law's.
    """
    now = stores.clock.now()
    return [Due(rule, _COUNT[rule.kept](stores, rule, now)) for rule in _rules(stores, now)]


def purge(stores: Stores, progress: Progress) -> list[PurgeReceipt]:
    """Delete what is due by each rule in force, and return a receipt per rule that deleted something.

    A purge that was killed is ended first and gets its receipt. The caller holds the writer's lock.

    Args:
        stores: the opened stores.
        progress: gets a line per step, without any value of a person.

    Raises:
        UsageError: as `find_due`.
        Refused: a message is being handed over to a person who is due, the periods are not signed, or neither a standing
            order covers this purge nor may the acting person purge.
    """
    _permit(stores)
    now, told = stores.clock.now(), _unsealed(stores)
    for rule in _rules(stores, now):
        purge_id = _purge_id(stores, rule)
        _DELETE[rule.kept](stores, rule, purge_id, now, progress)
        told += [purge_id]
    compact(stores.engine)
    seal(stores)
    return _receipts(stores, told)


def _permit(stores: Stores) -> None:
    """Let a purge begin: under the standing order of the dpo, or by a person who signs for it."""
    require_signed(stores, Part.RETENTION)
    with stores.engine.connect() as reading:
        if standing_order(stores, reading) is not None:
            return
    day = day_in_paris(stores.clock.now()).isoformat()
    periods = configuration_decision(Part.RETENTION, folder_of(stores.settings, Part.RETENTION)).content
    decide(stores, Decision(Act.PURGE, day, {"periods": periods}))


def _rules(stores: Stores, now: datetime) -> list[RetentionRule]:
    today = day_in_paris(now)
    return [rule for rule in read_retention(stores.settings.config / "retention") if rule.is_in_force(today)]


def _purge_id(stores: Stores, rule: RetentionRule) -> str:
    """Return the id of the purge that runs now, or was killed: its number is taken once its entry is written."""
    table = log_tables.journal
    mine = (table.c.kind == Entry.PURGE.value) & table.c.subject.startswith(f"{rule.code}/")
    with stores.engine.connect() as reading:
        return f"{rule.code}/{reading.execute(select(func.count()).where(mine)).scalar_one() + 1}"


def _unsealed(stores: Stores) -> list[str]:
    """Return the purges that were ended and killed before their receipts were given."""
    table, leaves = log_tables.journal, log_tables.log_leaves
    query = (
        select(table.c.subject)
        .outerjoin(leaves, leaves.c.journal_sequence == table.c.sequence)
        .where(table.c.kind == Entry.PURGE.value, leaves.c.position.is_(None))
    )
    with stores.engine.connect() as reading:
        return list(reading.execute(query.order_by(table.c.sequence)).scalars())


def _count_persons(stores: Stores, rule: RetentionRule, now: datetime) -> dict[str, dict[str, int]]:
    due = find_due_persons(stores, rule, now)
    messages, opt_outs, facts = message_tables.messages, person_tables.opt_outs, person_tables.contact_facts
    with stores.engine.connect() as reading:
        ledger = {table.name: _count(reading, table, due.contact_ids) for table in (messages, opt_outs, facts)}
    lake = {"opt_ins": due.opt_ins, "withdrawals": due.withdrawals}
    return {
        "vault": {"persons": len(due.contact_ids)},
        "lake": lake,
        "evidence": {"files": due.deliveries},
        "ledger": ledger,
    }


def _count(reading: Connection, table: Table, contact_ids: Sequence[str]) -> int:
    total = 0
    for some in batched(contact_ids, VALUES_AT_ONCE):
        of_some = table.c.contact_id.in_(some)
        total += reading.execute(select(func.count()).select_from(table).where(of_some)).scalar_one()
    return total


def _count_records(stores: Stores, rule: RetentionRule, now: datetime) -> dict[str, dict[str, int]]:
    due = find_due_records(stores, rule, now)
    return {"ledger": {"plans": len(due.plan_ids), "messages": due.messages, "notices": due.transparency_notices}}


def _delete_records(stores: Stores, rule: RetentionRule, purge_id: str, now: datetime, progress: Progress) -> None:
    due = find_due_records(stores, rule, now)
    progress(f"{rule.code}: {len(due.plan_ids)} plans go")
    if due.plan_ids:
        purge_records(stores, rule, purge_id, due, now)


def _delete_persons(stores: Stores, rule: RetentionRule, purge_id: str, now: datetime, progress: Progress) -> None:
    killed = _begun(stores, purge_id)
    known = {person.contact_id for person in killed}
    due = [contact for contact in find_due_persons(stores, rule, now).contact_ids if contact not in known]
    progress(f"{rule.code}: {len(due) + len(killed)} persons go")
    for some in batched(due, _BATCH):
        _end_erasures(stores, _begin(stores, rule, purge_id, some, now), progress)
    if killed:
        _end_erasures(stores, killed, progress)
    _tell(stores, rule, purge_id, now)


def _end_erasures(stores: Stores, persons: Sequence[Person], progress: Progress) -> None:
    end_begun(stores, persons, find_begun(stores, persons, progress), progress)


def _begin(
    stores: Stores, rule: RetentionRule, purge_id: str, contact_ids: Sequence[str], now: datetime
) -> list[Person]:
    """Write marks and erasures, and whose they are until they end: their numbers will be gone before.

    Once they have ended, what these persons did on the first day that the rule keeps, or later, is let in again.
    """
    access = Access("purge", stores.settings.actor, f"retention by {rule.code}", purge_id, contact_ids)
    record_access(stores.engine, stores.clock, access)
    numbers = _numbers(stores, contact_ids)
    if len(numbers) < len(contact_ids):
        raise FiliationError(
            f"{len(contact_ids) - len(numbers)} contacts of the lake have no number in the vault: they cannot be taken out.",
            "Run `filiation log check`; put the vault's files back from the backup.",
        )
    marks = {number: stores.keys.suppression.hex(number) for number in numbers.values()}
    kept_from = rule.kept_from(day_in_paris(now))
    acts_from = midnight_in_paris(kept_from)
    persons, table = begin_erasures(stores, marks, purge_id, acts_from), erasure_tables.erasures
    failpoint.reach("erasure.marked")
    with database.transaction(stores.engine) as work:
        for person in persons:
            begun = {"pepper": person.pepper, "contact_id": person.contact_id}
            of_this = table.c.erasure_id == person.erasure_id
            work.execute(update(table).where(of_this).values(found_json=canonical_json(begun)))
    return persons


def _begun(stores: Stores, purge_id: str) -> list[Person]:
    """Return the persons whom a killed run of this purge had begun to take out."""
    table = erasure_tables.erasures
    query = select(table).where(table.c.case_id == purge_id, table.c.finished_at.is_(None))
    with stores.engine.connect() as reading:
        rows = {row.erasure_id: (row.mark, json.loads(row.found_json)) for row in reading.execute(query)}
    told = {erasure: (mark, begun) for erasure, (mark, begun) in rows.items() if "contact_id" in begun}
    numbers = _numbers(stores, [begun["contact_id"] for _, begun in told.values()])
    return [
        Person(erasure, numbers.get(begun["contact_id"]), begun["contact_id"], mark, begun["pepper"])
        for erasure, (mark, begun) in told.items()
    ]


def _numbers(stores: Stores, contact_ids: Sequence[str]) -> dict[str, str]:
    return stores.vault.numbers(stores.vault.files(vault_tables.IDENTITIES), contact_ids) if contact_ids else {}


def _tell(stores: Stores, rule: RetentionRule, purge_id: str, now: datetime) -> None:
    """Write the entry of a purge of persons, with the sums over their erasures; none where nobody went."""
    table, counts = erasure_tables.erasures, Counter[str]()
    with database.transaction(stores.engine) as work:
        texts: ScalarResult[str] = work.execute(
            select(table.c.found_json).where(table.c.case_id == purge_id, table.c.finished_at.is_not(None))
        ).scalars()
        for text in texts:
            of_person = json.loads(text)["counts"]
            counts.update({"persons": 1, **{name: of_person[name] for name in _OF_EACH_PERSON}})
            counts["unopened_files"] = max(counts["unopened_files"], of_person["unopened_files"])
        if counts:
            told = {"rule": rule.code, "rule_sha256": rule.sha256, "counts": dict(counts)}
            journal.append(work, now, Entry.PURGE, purge_id, told)


def _receipts(stores: Stores, purge_ids: Sequence[str]) -> list[PurgeReceipt]:
    log = Log.of(stores)
    checkpoint = log.last_checkpoint()
    if checkpoint is None:
        return []
    found: list[PurgeReceipt] = []
    for purge_id in dict.fromkeys(purge_ids):
        for proof in prove_lines(log, checkpoint, Entry.PURGE.value, [purge_id]):
            told = json.loads(proof.text or "{}")["payload"]
            found.append(PurgeReceipt(purge_id, told["rule_sha256"], told["counts"], log.key.sign(checkpoint), proof))
    return found


_COUNT: Mapping[Kept, Callable[[Stores, RetentionRule, datetime], dict[str, dict[str, int]]]] = {
    Kept.PERSONS: _count_persons,
    Kept.CAMPAIGN_RECORDS: _count_records,
}
_DELETE: Mapping[Kept, Callable[[Stores, RetentionRule, str, datetime, Progress], None]] = {
    Kept.PERSONS: _delete_persons,
    Kept.CAMPAIGN_RECORDS: _delete_records,
}
