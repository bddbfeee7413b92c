"""Deleting the records of old campaigns from the ledger, with the seals of their messages.

Which plans are due is found by `retention.due_records`. Their lines in the journal lose subject, text and salt; their leaves in the
log stay, and the entry of the purge names them, with the counts that are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, delete, or_, select

from retention.due_records import DueRecords
from retention.periods import RetentionRule
from sealing.seals.forgetting import forget_lines
from sealing.seals.messages import SealedBatch, batches_of
from stores.all_stores import Stores
from stores.engine import connect
from stores.files.parquet import read_sql, write_table
from stores.operations import database, journal, log_tables, message_tables, plan_tables
from stores.operations.database import VALUES_AT_ONCE
from stores.operations.rewrites import announce
from stores.schemas.configuration_tables import MESSAGE_SEALS
from terms import failpoint
from terms.batches import batched

#: Tables with rows of a plan, in the order in which they go; the plan itself is the last.
_OF_A_PLAN: Sequence[Table] = (
    message_tables.messages,
    plan_tables.bureau_reservations,
    plan_tables.contact_reservations,
    plan_tables.bureau_holdings,
    plan_tables.transparency_notices,
    plan_tables.approvals,
    plan_tables.plan_lifts,
    log_tables.sealed_messages,
    plan_tables.plans,
)


def purge_records(stores: Stores, rule: RetentionRule, purge_id: str, due: DueRecords, now: datetime) -> None:
    """Delete the records of these plans and enter the purge in the journal, in one transaction; safe to repeat until then.

    Args:
        stores: the opened stores.
        rule: the period that the plans are due by.
        purge_id: id of the purge, what its entry is about.
        due: the plans.
        now: the instant (aware) of the purge.
    """
    with stores.engine.connect() as reading:
        batches = [batch for plan_id in due.plan_ids for batch in batches_of(reading, plan_id)]
    for batch in batches:
        _empty(stores, batch, now)
    failpoint.reach("purge.seals_emptied")
    with database.transaction(stores.engine) as work:
        leaves = forget_lines(work, _lines_of(work, due.plan_ids))
        counts = {"sealed_batches": len(batches), "message_events": _delete_events(work, due.plan_ids)}
        for table in _OF_A_PLAN:
            counts[table.name] = _delete(work, table, due.plan_ids)
        counts["signatures"] = _delete_signatures(work, due.plan_ids)
        counts["message_texts"] = _delete_unused_texts(work)
        told = {"rule": rule.code, "rule_sha256": rule.sha256, "counts": counts, "leaves": leaves}
        journal.append(work, now, journal.Entry.PURGE, purge_id, told)
    failpoint.reach("purge.records_deleted")


def _empty(stores: Stores, batch: SealedBatch, now: datetime) -> None:
    """Write a sealed file again without rows: a missing file counts as an alteration, a file that was announced does not."""
    file = batch.file(stores.home.log)
    announce(stores.engine, stores.home, [file], now)
    with connect() as target:
        write_table(target, MESSAGE_SEALS, file, read_sql(MESSAGE_SEALS, []))


def _lines_of(work: Connection, plan_ids: Sequence[str]) -> list[int]:
    """Return the journal lines about these plans, their notices and their batches of messages."""
    table, found = log_tables.journal, list[int]()
    for some in batched(plan_ids, VALUES_AT_ONCE):
        about = [table.c.subject.in_(some), *(table.c.subject.startswith(f"{plan_id}/") for plan_id in some)]
        found += work.execute(select(table.c.sequence).where(or_(*about))).scalars()
    return sorted(found)


def _delete_events(work: Connection, plan_ids: Sequence[str]) -> int:
    events, messages, total = message_tables.message_events, message_tables.messages, 0
    for plan_id in plan_ids:
        of_plan = select(messages.c.send_id).where(messages.c.plan_id == plan_id)
        total += work.execute(delete(events).where(events.c.send_id.in_(of_plan))).rowcount
    return total


def _delete(work: Connection, table: Table, plan_ids: Sequence[str]) -> int:
    total = 0
    for some in batched(plan_ids, VALUES_AT_ONCE):
        total += work.execute(delete(table).where(table.c.plan_id.in_(some))).rowcount
    return total


def _delete_signatures(work: Connection, plan_ids: Sequence[str]) -> int:
    """Delete what persons signed about these plans: approvals, and lifts and leaves, whose subject goes on after the plan."""
    subject, total = log_tables.signatures.c.subject, 0
    for plan_id in plan_ids:
        of_plan = or_(subject == plan_id, subject.startswith(f"{plan_id}/"))
        total += work.execute(delete(log_tables.signatures).where(of_plan)).rowcount
    return total


def _delete_unused_texts(work: Connection) -> int:
    """Delete the texts that no plan shows any more."""
    texts, plans, messages = message_tables.message_texts, plan_tables.plans, message_tables.messages
    used = select(plans.c.message_sha256).union(select(messages.c.message_sha256))
    return work.execute(delete(texts).where(texts.c.message_sha256.not_in(used))).rowcount
