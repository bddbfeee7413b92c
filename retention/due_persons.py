"""Finding persons whose last act is older than the operator keeps it, in lake and ledger.

An act is something that the person did: agreed, refused, took back, said STOP, clicked, replied, asked. What we or an
operator did (a hand-over, a report, an answer) is none, nor is a file that tells the same act again. Deleting belongs to
`retention.purge`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, Row, Select, select

from consent.acts.person_acts import FactKind
from lineage.erasure.erasure_traces import open_lake
from retention.periods import RetentionRule
from stores.all_stores import Stores
from stores.operations import message_tables, person_tables
from stores.sql_files import sql_of
from terms.paris import day_in_paris

_FETCH = 20_000
_OF_A_PERSON = (FactKind.CLICK, FactKind.REPLY, FactKind.FORM, FactKind.ACCESS_REQUEST)


@dataclass(frozen=True)
class DuePersons:
    """Contacts that are due by a rule, sorted, and how many rows the lake holds of them."""

    contact_ids: tuple[str, ...]
    opt_ins: int
    withdrawals: int
    deliveries: int


def find_due_persons(stores: Stores, rule: RetentionRule, now: datetime) -> DuePersons:
    """Return the persons of whom a file told something, and whose last act is older than a period keeps it.

    Args:
        stores: the opened stores.
        rule: the operator's period.
        now: the instant (aware) of the question.
    """
    with open_lake(stores) as lake:
        _create_ledger_acts(stores, lake)
        lake.execute(sql_of(__file__, "acts_of_files"))
        lake.execute(sql_of(__file__, "last_acts"))
        today = day_in_paris(now)
        days: list[tuple[date]] = lake.execute("select distinct last_on from last_acts").fetchall()
        due = [day for (day,) in days if rule.due_on(day) <= today]
        lake.execute(
            sql_of(__file__, "due"),
            {"days": due},
        )
        return _told(lake)


def _create_ledger_acts(stores: Stores, lake: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary tables `held` (contacts with rows in the lake) and `ledger_acts` (contact_id, acted_at)."""
    lake.execute(sql_of(__file__, "held"))
    lake.execute("create temp table ledger_acts (contact_id uuid, acted_at timestamp)")
    with stores.engine.connect() as reading:
        for rows in _ledger_acts(reading):
            contacts, instants = zip(*rows, strict=True)
            lake.register("fetched", pa.table({"c": pa.array(contacts), "told_at": pa.array(instants, pa.int64())}))
            lake.execute(sql_of(__file__, "add_ledger_acts"))
            lake.unregister("fetched")


def _ledger_acts(reading: Connection) -> Iterator[Sequence[Row[tuple[str, int]]]]:
    opt_outs, facts = person_tables.opt_outs, person_tables.contact_facts
    requests, replies = person_tables.requests, message_tables.replies
    queries: tuple[Select[tuple[str, int]], ...] = (
        select(opt_outs.c.contact_id, opt_outs.c.effective_at),
        select(facts.c.contact_id, facts.c.occurred_at).where(facts.c.kind.in_(_OF_A_PERSON)),
        select(requests.c.contact_id, requests.c.received_at).where(requests.c.contact_id.is_not(None)),
        select(replies.c.contact_id, replies.c.at).where(replies.c.contact_id.is_not(None)),
    )
    for query in queries:
        yield from reading.execution_options(yield_per=_FETCH).execute(query).partitions(_FETCH)


def _told(lake: duckdb.DuckDBPyConnection) -> DuePersons:
    contacts: list[tuple[str]] = lake.execute("select contact_id::varchar from due order by 1").fetchall()
    counted = lake.execute(sql_of(__file__, "counts")).fetchone()
    opt_ins, withdrawals, deliveries = counted or (0, 0, 0)
    return DuePersons(tuple(contact for (contact,) in contacts), opt_ins, withdrawals, deliveries)
