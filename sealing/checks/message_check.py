"""Comparing messages with their seals; making the seals belongs to `sealing.seals.messages`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
from sqlalchemy import Connection, select

from sealing.checks.alterations import Alteration, Mismatch
from sealing.checks.ledger_check import payload_of
from sealing.log.log import Log
from sealing.seals.forgetting import ERASED
from sealing.seals.messages import SealedBatch, batches_of, load_records, newest_seals, spans_of
from stores.engine import connect
from stores.evidence.merkle import tree_hash
from stores.files.parquet import read_sql
from stores.operations import log_tables
from stores.operations.journal import Entry
from stores.schemas.configuration_tables import MESSAGE_SEALS
from stores.sql_files import sql_of


def check_messages(log: Log, reading: Connection) -> tuple[list[Mismatch], int]:
    """Return the batches and messages that differ from their seals, and how many messages have a seal."""
    mismatches, checked = list(_unequal_batches(reading)), 0
    for plan_id in _sealed_plans(reading):
        found, count = _check_plan(log, reading, plan_id)
        mismatches, checked = mismatches + found, checked + count
    return mismatches, checked


def _sealed_plans(reading: Connection) -> Sequence[str]:
    plan_id = log_tables.sealed_messages.c.plan_id
    return list(reading.execute(select(plan_id).distinct().order_by(plan_id)).scalars())


def _unequal_batches(reading: Connection) -> Iterator[Mismatch]:
    """Compare the rows of batches with their journal lines: neither may be changed, added or taken away."""
    table, journal = log_tables.sealed_messages, log_tables.journal
    rows = {f"{row.plan_id}/{row.batch}": (row.messages, row.root) for row in reading.execute(select(table))}
    lines = select(journal.c.subject, journal.c.payload_json).where(
        journal.c.kind == Entry.MESSAGES.value, journal.c.subject != ERASED
    )
    told = {subject: payload_of(text) for subject, text in reading.execute(lines).tuples()}
    for subject in sorted(rows.keys() | told.keys()):
        payload = told.get(subject, {})
        if rows.get(subject) != (payload.get("messages"), payload.get("root")):
            yield Mismatch(Alteration.BATCH_CHANGED, f"batch {subject} of messages")


def _check_plan(log: Log, reading: Connection, plan_id: str) -> tuple[list[Mismatch], int]:
    batches = batches_of(reading, plan_id)
    damaged = [batch for batch in batches if not _batch_holds(log, batch)]
    mismatches = [
        Mismatch(Alteration.BATCH_CHANGED, f"batch {batch.plan_id}/{batch.batch} of messages") for batch in damaged
    ]
    whole = [batch for batch in batches if batch not in damaged]
    with connect() as target:
        newest_seals(target, log.folder, whole)
        target.execute("create temp table seen (send_id varchar)")
        changed: list[tuple[str]] = []
        for span in spans_of(reading, plan_id):
            load_records(target, reading, plan_id, span)
            target.execute("insert into seen select send_id from records")
            changed += target.execute(sql_of(__file__, "changed")).fetchall()
        gone = target.execute(sql_of(__file__, "gone")).fetchall()
        row = target.execute("select count(*) from seals").fetchone()
    told = [(send_id, Alteration.MESSAGE_CHANGED) for (send_id,) in changed]
    told += [(send_id, Alteration.MESSAGE_MISSING) for (send_id,) in gone]
    mismatches += [Mismatch(alteration, f"message {send_id}") for send_id, alteration in sorted(told)]
    return mismatches, int(row[0]) if row else 0


def _batch_holds(log: Log, batch: SealedBatch) -> bool:
    file = batch.file(log.folder)
    if not file.exists():
        return False
    with connect() as target:
        try:
            # every column is read, or damage in one that the root says nothing of would end the check later
            target.execute(f"create temp table seals as {read_sql(MESSAGE_SEALS, [file])}")
            return tree_hash(target, "(select position, commitment as leaf from seals)").hex() == batch.root
        except duckdb.Error:  # Parquet that no longer reads
            return False
