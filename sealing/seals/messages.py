"""Sealing messages: batches of salted commitments to the ledger's record of each message that left PLANNED.

The record of a message is its row with its events, as canonical JSON made in SQL. A message that moves on is sealed
again in a later batch; the newest seal is the one that must agree. States are defined in `sends.ledger.states`; proofs
of messages belong to `sealing.seals.message_proofs`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, Engine, Select, func, select

from stores.engine import connect
from stores.evidence.merkle import tree_hash
from stores.files.parquet import read_sql, write_table
from stores.operations import database, journal, log_tables, message_tables, plan_tables
from stores.schemas.configuration_tables import MESSAGE_SEALS
from stores.sql_files import sql_of
from terms.clock import to_micros

#: Messages of one batch: an inclusion proof reads one batch, sixteen hashes long.
BATCH = 65_536
#: States of a message that nothing has happened to yet, or is happening to right now.
_OPEN = ("PLANNED", "CLAIMED")
#: A plan whose window ended longer ago than this before it was last sealed is not looked at again.
_SETTLED_AFTER = timedelta(days=30)
_FETCH = 20_000
#: Messages of a plan that are looked at together: their events are gathered in memory.
AT_ONCE = 100_000
_SALT_BYTES = 16

_RECORD_COLUMNS = sorted([*(column.name for column in message_tables.messages.columns), "events"])
_EVENT_COLUMNS = sorted(column.name for column in message_tables.message_events.columns if column.name != "send_id")


@dataclass(frozen=True)
class SealedBatch:
    """A batch of messages of a plan: number, size and Merkle root (hex)."""

    plan_id: str
    batch: int
    messages: int
    root: str

    def file(self, folder: Path) -> Path:
        """Return the path of its commitments, under the folder of the log."""
        return batch_file(folder, self.plan_id, self.batch)


def batch_file(folder: Path, plan_id: str, batch: int) -> Path:
    """Return the path of a batch's commitments.

    Args:
        folder: of the log.
        plan_id: of the plan.
        batch: number of the batch within its plan, from 1.
    """
    return folder / "messages" / plan_id / f"{batch:06d}.parquet"


def seal_messages(engine: Engine, folder: Path, now: datetime) -> list[SealedBatch]:
    """Seal what happened to messages since they were last sealed. The caller holds the writer's lock.

    The journal's line is the commit of a batch; a file without one is replaced by the next run.

    Args:
        engine: of the ledger.
        folder: of the log.
        now: the instant of sealing.

    Returns:
        The new batches.
    """
    with engine.connect() as reading:
        plans = _unsettled_plans(reading)
    return [batch for plan_id in plans for batch in _seal_plan(engine, folder, plan_id, now)]


def batches_of(work: Connection, plan_id: str) -> list[SealedBatch]:
    """Return the batches of a plan in their order."""
    table = log_tables.sealed_messages
    rows = work.execute(select(table).where(table.c.plan_id == plan_id).order_by(table.c.batch)).all()
    return [SealedBatch(row.plan_id, row.batch, row.messages, row.root) for row in rows]


#: First position of some messages in their plan, and the first that is beyond them.
Span = tuple[int, int]


def spans_of(work: Connection, plan_id: str) -> list[Span]:
    """Return spans of positions that hold at most `AT_ONCE` messages of a plan each; the ledger has an index over them."""
    messages = message_tables.messages
    last: int | None = work.execute(
        select(func.max(messages.c.position)).where(messages.c.plan_id == plan_id)
    ).scalar_one()
    return [] if last is None else [(start, start + AT_ONCE) for start in range(0, last + 1, AT_ONCE)]


def load_records(
    target: duckdb.DuckDBPyConnection, work: Connection, plan_id: str, which: Span | Sequence[str]
) -> None:
    """Make the temporary table `records` (send_id, events, record) of messages of a plan.

    `record` is canonical JSON of the row with its `message_events` in order. Python touches no message except to fetch
    it.

    Args:
        target: where the table is made.
        work: the ledger.
        plan_id: whose messages.
        which: those of a span, or those of these send ids.
    """
    messages, events = message_tables.messages, message_tables.message_events
    here = messages.c.plan_id == plan_id
    match which:
        case (int(first), int(beyond)):
            here &= (messages.c.position >= first) & (messages.c.position < beyond)
        case _:
            here &= messages.c.send_id.in_(which)
    _load(target, work, "message_rows", select(messages).where(here, messages.c.state.not_in(_OPEN)))
    told = select(events).join(messages, messages.c.send_id == events.c.send_id).where(here)
    _load(target, work, "event_rows", told)
    target.execute(
        f"create or replace temp table records as"
        # sorted in each list: an ordered aggregate takes four times as long
        " with told as (select send_id, count(*) as events, list_transform(list_sort(list(struct_pack("
        f"known_at := known_at, event_id := event_id, told := {_struct(_EVENT_COLUMNS)}))), lambda one: one.told) as list"
        " from event_rows group by send_id)"
        f" select send_id, coalesce(count, 0) as events,"
        f" to_json({_struct(_RECORD_COLUMNS)})::varchar as record"
        f" from (select message_rows.*, told.events as count, coalesce(told.list, []) as events"
        f" from message_rows left join told using (send_id)) as told"
    )


def newest_seals(
    target: duckdb.DuckDBPyConnection, folder: Path, batches: Sequence[SealedBatch], send_id: str | None = None
) -> None:
    """Make the temporary table `seals` (send_id, batch, position, events, salt, commitment): each message's newest.

    Args:
        target: where the table is made.
        folder: of the log.
        batches: where seals lie.
        send_id: whose seal; None = everybody's.
    """
    reads = [
        f"select {batch.batch} as batch, * from ({read_sql(MESSAGE_SEALS, [batch.file(folder)])})" for batch in batches
    ] or [f"select 0 as batch, * from ({read_sql(MESSAGE_SEALS, [])})"]
    target.execute(
        f"create or replace temp table seals as select * from ({' union all '.join(reads)})"
        " where $send_id is null or send_id = $send_id"
        " qualify row_number() over (partition by send_id order by batch desc) = 1",
        {"send_id": send_id},
    )


def _unsettled_plans(work: Connection) -> list[str]:
    plans, sealed = plan_tables.plans, log_tables.sealed_messages
    last = (
        select(sealed.c.plan_id, func.max(sealed.c.sealed_at).label("sealed_at")).group_by(sealed.c.plan_id).subquery()
    )
    settled = last.c.sealed_at > plans.c.window_to + int(_SETTLED_AFTER.total_seconds() * 1_000_000)
    query = select(plans.c.plan_id).outerjoin(last, last.c.plan_id == plans.c.plan_id)
    return list(work.execute(query.where(last.c.sealed_at.is_(None) | ~settled).order_by(plans.c.planned_at)).scalars())


def _seal_plan(engine: Engine, folder: Path, plan_id: str, now: datetime) -> Iterator[SealedBatch]:
    with connect() as target:
        with engine.connect() as reading:
            done, spans = batches_of(reading, plan_id), spans_of(reading, plan_id)
        newest_seals(target, folder, done)
        batch = len(done)
        for span in spans:
            count = _collect_unsealed(engine, target, plan_id, span)
            for start in range(0, count, BATCH):
                batch += 1
                yield _seal_batch(engine, target, folder, (plan_id, batch, start, min(BATCH, count - start)), now)


def _collect_unsealed(engine: Engine, target: duckdb.DuckDBPyConnection, plan_id: str, span: Span) -> int:
    """Create `unsealed`, the messages of a span whose state has no seal, numbered from 0, and return how many."""
    with engine.connect() as reading:
        load_records(target, reading, plan_id, span)
    target.execute(sql_of(__file__, "unsealed"))
    row = target.execute("select count(*) from unsealed").fetchone()
    return int(row[0]) if row else 0


def _seal_batch(
    engine: Engine, target: duckdb.DuckDBPyConnection, folder: Path, part: tuple[str, int, int, int], now: datetime
) -> SealedBatch:
    plan_id, batch, start, count = part
    salts = pa.Array.from_buffers(pa.binary(_SALT_BYTES), count, [None, pa.py_buffer(os.urandom(_SALT_BYTES * count))])
    fresh = pa.table({"position": pa.array(range(count), pa.int64()), "salt": salts})
    target.register("fresh_salts", fresh)
    file = batch_file(folder, plan_id, batch)
    write_table(
        target,
        MESSAGE_SEALS,
        file,
        sql_of(__file__, "sealed"),
        parameters={"start": start},
    )
    target.unregister("fresh_salts")
    leaves = f"(select position, commitment as leaf from ({read_sql(MESSAGE_SEALS, [file])}))"
    sealed = SealedBatch(plan_id, batch, count, tree_hash(target, leaves).hex())
    told = {"plan_id": plan_id, "batch": batch, "messages": count, "root": sealed.root}
    with database.transaction(engine) as work:
        work.execute(log_tables.sealed_messages.insert().values(**told, sealed_at=to_micros(now)))
        journal.append(work, now, journal.Entry.MESSAGES, f"{plan_id}/{batch}", told)
    return sealed


def _load(target: duckdb.DuckDBPyConnection, work: Connection, name: str, query: Select[tuple[object, ...]]) -> None:
    """Copy the rows of a query into a temporary table, some thousands at a time."""
    types = {
        column.name: "bigint" if column.type.python_type is int else "varchar" for column in query.selected_columns
    }
    columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
    target.execute(f"create or replace temp table {name} ({columns})")
    found = work.execution_options(yield_per=_FETCH).execute(query)
    for rows in found.partitions(_FETCH):
        cells = dict(zip(types, map(list, zip(*rows, strict=True)), strict=True))
        kinds = {c: pa.int64() if t == "bigint" else pa.string() for c, t in types.items()}
        target.register("fetched", pa.table({c: pa.array(cells[c], kinds[c]) for c in types}))
        target.execute(f"insert into {name} select * from fetched")
        target.unregister("fetched")


def _struct(names: Sequence[str]) -> str:
    members = ", ".join(f'"{name}" := "{name}"' for name in names)
    return f"struct_pack({members})"
