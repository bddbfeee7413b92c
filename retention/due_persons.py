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
from terms.paris import day_in_paris

_FETCH = 20_000
_OF_A_PERSON = (FactKind.CLICK, FactKind.REPLY, FactKind.FORM, FactKind.ACCESS_REQUEST)

#: Acts that files tell, one row each (contact_id, acted_at). An act without an instant happened by the first file that told it: the
#: one in which its record says something else than in the file before. A record without an id may be another one in each file. No
#: act happened after its file was received.
_FROM_FILES = """
    select contact_id, least(coalesce(consented_at, exported_at, received_at), received_at) as acted_at
    from (
        select
            *,
            flag is distinct from lag(flag) over (
                partition by contact_id, source_key order by coalesce(exported_at, received_at), received_at
            ) as is_change
        from all_opt_ins
    )
    where consented_at is not null or source_key is null or is_change
    union all
    select coalesce(told.contact_id, named.contact_id), least(told.acted_at, told.received_at)
    from (
        select
            contact_id,
            source_key,
            received_at,
            if(
                withdrawn_at_quality = 'export_instant' or withdrawn_at is null,
                min(coalesce(withdrawn_at, exported_at, received_at)) over (partition by contact_id, partner_id, source_key),
                withdrawn_at
            ) as acted_at
        from (
            select contact_id, source_key, partner_id, withdrawn_at, withdrawn_at_quality, exported_at, received_at
            from all_withdrawals
            union all
            select contact_id, source_key, partner_id, withdrawn_at, withdrawn_at_quality, exported_at, received_at
            from all_withdrawal_signals
        )
    ) as told
    left join (select distinct source_key, contact_id from all_opt_ins where source_key is not null) as named
        on told.contact_id is null and told.source_key = named.source_key
    where coalesce(told.contact_id, named.contact_id) is not null
"""


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
        lake.execute(
            f"create temp table last_acts as select contact_id, (max(acted_at) at time zone 'UTC' at time zone 'Europe/Paris')::date"
            f" as last_on from ({_FROM_FILES} union all select contact_id, acted_at from ledger_acts) group by contact_id"
        )
        today = day_in_paris(now)
        days: list[tuple[date]] = lake.execute("select distinct last_on from last_acts").fetchall()
        due = [day for (day,) in days if rule.due_on(day) <= today]
        lake.execute(
            "create temp table due as select contact_id from last_acts where last_on in (select unnest($days::date[]))"
            " and contact_id in (select contact_id from held)",
            {"days": due},
        )
        return _told(lake)


def _create_ledger_acts(stores: Stores, lake: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary tables `held` (contacts with rows in the lake) and `ledger_acts` (contact_id, acted_at)."""
    lake.execute(
        "create temp table held as select distinct contact_id from (select contact_id from all_opt_ins union all"
        " select contact_id from all_withdrawals union all select contact_id from all_withdrawal_signals)"
        " where contact_id is not null"
    )
    lake.execute("create temp table ledger_acts (contact_id uuid, acted_at timestamp)")
    with stores.engine.connect() as reading:
        for rows in _ledger_acts(reading):
            contacts, instants = zip(*rows, strict=True)
            lake.register("fetched", pa.table({"c": pa.array(contacts), "told_at": pa.array(instants, pa.int64())}))
            lake.execute("insert into ledger_acts select c::uuid, make_timestamp(told_at) from fetched")
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
    counted = lake.execute(
        "select count(distinct (delivery_id, line_number)) filter (kind = 'opt_in'),"
        " count(distinct (delivery_id, line_number)) filter (kind = 'withdrawal'), count(distinct delivery_id) from ("
        " select 'opt_in' as kind, delivery_id, line_number from all_opt_ins semi join due using (contact_id) union all"
        " select 'withdrawal', delivery_id, line_number from all_withdrawals semi join due using (contact_id))"
    ).fetchone()
    opt_ins, withdrawals, deliveries = counted or (0, 0, 0)
    return DuePersons(tuple(contact for (contact,) in contacts), opt_ins, withdrawals, deliveries)
