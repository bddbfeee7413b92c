"""What changed since the base was built: the day's opt-outs, facts about contacts and forms switched off, as a relation.

It is read from the operations database; recording these facts belongs to `consent.acts` and `sends`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
from sqlalchemy import Column, Connection, Engine, Select, bindparam, null, select

from stores.operations import person_tables
from stores.sql_files import checked_name, sql_of
from stores.warehouse.questions import Questions
from terms.batches import batched

#: Contacts or rows per statement, to and from the operations database: SQLite allows 32,766 bound parameters.
_BATCH = 10_000

_FACT_COLUMNS = ("contact_id", "kind", "channel", "sponsor_id", "occurred_at", "known_at")

_LIVE_COLUMNS = {
    "contact_id": "uuid",
    "kind": "varchar",
    "channel": "varchar",
    "sponsor_id": "varchar",
    "occurred_at": "timestamp",
    "known_at": "timestamp",
    "delivery_id": "varchar",
    "line_number": "bigint",
}

_FORM_STOPS = select(
    person_tables.form_stops.c.partner_id,
    person_tables.form_stops.c.form_version,
    person_tables.form_stops.c.stopped_at,
)

_OPT_OUT_COLUMNS = ("contact_id", "kind", "channel", "sponsor_id", "effective_at", "known_at")

#: Contact, kind, channel, sponsor, instant and instant of knowledge.
_LiveFact = tuple[str, str, str | None, str | None, int, int]


def _of_all_and_of_some(
    query: Select[_LiveFact], contact_id: Column[str]
) -> tuple[Select[_LiveFact], Select[_LiveFact]]:
    return query, query.where(contact_id.in_(bindparam("contacts", expanding=True)))


#: Put together once: for few contacts, that takes longer than the answer.
_LIVE_QUERIES = (
    _of_all_and_of_some(
        select(*(person_tables.opt_outs.c[name] for name in _OPT_OUT_COLUMNS)), person_tables.opt_outs.c.contact_id
    ),
    _of_all_and_of_some(
        select(
            person_tables.contact_facts.c.contact_id,
            person_tables.contact_facts.c.kind,
            null(),
            null(),
            person_tables.contact_facts.c.occurred_at,
            person_tables.contact_facts.c.known_at,
        ),
        person_tables.contact_facts.c.contact_id,
    ),
)


def load_live_facts(
    connection: duckdb.DuckDBPyConnection, engine: Engine, relation: str, contact_ids: Sequence[str] | None
) -> None:
    """Create the temporary table `relation` from the day's opt-outs and facts, replacing it if it exists.

    Columns: contact_id UUID, kind, channel, sponsor_id, occurred_at TIMESTAMP (UTC), known_at TIMESTAMP, and the act that
    the fact is about (delivery_id, line_number; null = the contact). A form version that was switched off since the base
    was built is a fact about each act by it.

    Args:
        connection: where the judgement is asked.
        engine: the operations database.
        relation: name of the table.
        contact_ids: whose facts, looked up by index; None = everybody's.

    Raises:
        FiliationError: as `judge`.
    """
    name = checked_name(relation)
    with engine.connect() as work:
        stops = _form_stops(work)
        Questions(connection).fill(name, _LIVE_COLUMNS, [])
        for rows in _live_rows(work, contact_ids):
            _add_facts(connection, name, rows)
    _add_form_stops(connection, stops, name, contact_ids)


def lay_live_facts(questions: Questions, work: Connection, relation: str, contact_ids: Sequence[str]) -> str | None:
    """Create the relation of `load_live_facts` for few contacts, unless nothing is known of them.

    Args:
        questions: to the base where the judgement is asked.
        work: the operations database, open for reading.
        relation: name of the table.
        contact_ids: whose facts.

    Returns:
        the name of the relation, or None where the operations database has no live fact about these contacts.

    Raises:
        FiliationError: the name is not a plain lower-case identifier.
    """
    name, stops = checked_name(relation), _form_stops(work)
    rows = [row for part in _live_rows(work, contact_ids) for row in part]
    if not (rows or stops):
        return None
    questions.fill(name, _LIVE_COLUMNS, [])
    _add_facts(questions.connection, name, rows)
    _add_form_stops(questions.connection, stops, name, contact_ids)
    return name if questions.ask(f"select 1 from {name} limit 1") else None


def _add_facts(connection: duckdb.DuckDBPyConnection, relation: str, rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    columns = dict(zip(_FACT_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    connection.execute(f"insert into {relation} {sql_of(__file__, 'facts')}", columns)


def _form_stops(work: Connection) -> list[tuple[str, str, int]]:
    return [(row.partner_id, row.form_version, row.stopped_at) for row in work.execute(_FORM_STOPS)]


def _add_form_stops(
    connection: duckdb.DuckDBPyConnection,
    stops: Sequence[tuple[str, str, int]],
    relation: str,
    contact_ids: Sequence[str] | None,
) -> None:
    """Add the acts by form versions that were switched off since the base was built; the base knows the earlier ones."""
    if not stops:
        return
    partners, forms, instants = map(list, zip(*stops, strict=True))
    connection.execute(
        f"insert into {relation} {sql_of(__file__, 'form_stops')}",
        {
            "partners": partners,
            "forms": forms,
            "instants": instants,
            "contact_ids": None if contact_ids is None else list(contact_ids),
        },
    )


def _live_rows(work: Connection, contact_ids: Sequence[str] | None) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield the day's opt-outs and facts in parts."""
    for everybody, of_some in _LIVE_QUERIES:
        if contact_ids is None:
            yield from work.execute(everybody).partitions(_BATCH)
            continue
        for some in batched(contact_ids, _BATCH):
            yield work.execute(of_some, {"contacts": some}).all()
