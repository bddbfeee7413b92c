"""From dossiers to dated facts: the snapshot of everything we believe of partners, with since when and until when.

Each fact has the span in which we believed it (`known_from`, `known_until`): what changes or vanishes closes,
nothing is patched. Reading the folders belongs to `consent.dossiers.dossiers`, keeping files to `stores.snapshots`, what a
fact means to `dbt_project`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from types import MappingProxyType

import duckdb

from consent.dossiers.dossiers import Dossier, DossierSet, FormVersion
from consent.dossiers.notice_linter import lint_dossier
from stores.engine import connect
from stores.schemas import column_classes, dossier_tables
from stores.schemas.column_classes import Table
from stores.snapshots import Snapshot, SnapshotStore
from terms.clock import naive_utc
from terms.paris import midnight_in_paris

KIND = "dossiers"


#: What a snapshot of the dossiers holds.
TABLES = (
    dossier_tables.DOSSIER_PARTNERS,
    dossier_tables.DOSSIER_CHAIN,
    dossier_tables.DOSSIER_AUDITS,
    dossier_tables.DOSSIER_FORM_VERSIONS,
    dossier_tables.DOSSIER_NOTICES,
    dossier_tables.DOSSIER_NOTICE_RECIPIENTS,
    dossier_tables.DOSSIER_FEEDS,
    dossier_tables.DOSSIER_NOTICE_CONTRADICTIONS,
)
_SPAN = ("known_from", "known_until")


@dataclass(frozen=True)
class _Fact:
    """One row of a table without its span, and the fact's own date (UTC, zone-less)."""

    values: tuple[object, ...]
    own_from: datetime


def take_dossier_snapshot(store: SnapshotStore, dossiers: DossierSet, at: datetime) -> Snapshot:
    """Write what the dossiers say now as the next snapshot, or return the current one if nothing is new.

    In a partner's first snapshot a fact is known from its own date (`on`, `signed_on`, `first_seen_at`; a notice
    from the earliest form version that shows it; partner, chain and feeds from the contract's `signed_on`), later
    from `at`, but never before its own date. A fact that changed or vanished is known until `at`. A partner whose
    dossier is absent or invalid keeps its facts.

    Args:
        store: where snapshots are kept.
        dossiers: what the folders say.
        at: the snapshot's instant, aware.
    """
    current = store.current(KIND)
    with connect() as connection:
        for table in TABLES:
            connection.execute(f"create temp table {table.name}_before as {store.sql(current, table)}")
        connection.execute(
            "create temp table partners_before as select distinct partner_id from dossier_partners_before"
        )
        connection.execute("create temp table partners_read (partner_id varchar)")
        for partner_id in dossiers.dossiers:
            connection.execute("insert into partners_read values (?)", [partner_id])
        for table in TABLES:
            _create_facts(connection, table, [fact for d in dossiers.dossiers.values() for fact in _facts(d)[table]])
            _merge(connection, table, at)
        if current is not None and not any(_differs(connection, table) for table in TABLES):
            return current
        queries = {table: f"select * from {table.name}_after" for table in TABLES}
        return store.take(connection, KIND, _content_hash(connection), at, queries)


def absent_partners(store: SnapshotStore, dossiers: DossierSet) -> tuple[str, ...]:
    """Return the partners whose facts are in the current snapshot and who have no folder any more.

    Their facts go on holding: that a partner is gone is said by its contract's end, never by a folder that is not there.
    """
    with connect() as connection:
        known = connection.execute(
            "select distinct partner_id from"
            f" ({store.sql(store.current(KIND), dossier_tables.DOSSIER_PARTNERS)}) where known_until is null order by all"
        ).fetchall()
    spoken_of = dossiers.dossiers.keys() | {problem.partner_id for problem in dossiers.problems}
    return tuple(partner_id for (partner_id,) in known if partner_id not in spoken_of)


def _create_facts(connection: duckdb.DuckDBPyConnection, table: Table, facts: list[_Fact]) -> None:
    columns = ", ".join(f"{column.name} {column.type}" for column in _own_columns(table))
    connection.execute(f"create temp table {table.name}_read ({columns}, own_from timestamp)")
    if facts:
        marks = ", ".join("?" for _ in range(len(facts[0].values) + 1))
        connection.executemany(
            f"insert into {table.name}_read values ({marks})", [(*fact.values, fact.own_from) for fact in facts]
        )


def _merge(connection: duckdb.DuckDBPyConnection, table: Table, at: datetime) -> None:
    """Create `<table>_after`: closed spans, spans that go on, spans that end at `at`, spans that begin."""
    names = [column.name for column in _own_columns(table)]
    same = " and ".join(f"r.{name} is not distinct from b.{name}" for name in names)
    listed = ", ".join(names)
    before, read = f"{table.name}_before", f"{table.name}_read"
    connection.execute(
        f"""
        create temp table {table.name}_after as
        with ended as (
            select b.* from {before} as b
            where b.known_until is null
                and b.partner_id in (select partner_id from partners_read)
                and not exists (select 1 from {read} as r where {same})
        ),
        begun as (
            select {", ".join(f"r.{name}" for name in names)},
                if(r.partner_id in (select partner_id from partners_before),
                    greatest($at::timestamp, r.own_from), r.own_from) as known_from
            from {read} as r
            where not exists (select 1 from {before} as b where b.known_until is null and {same})
        )
        select {listed}, known_from, known_until from {before} where known_until is not null
        union all
        select {listed}, known_from, null from (from {before} where known_until is null except all from ended)
        union all
        -- a fact that was to be believed only later and vanished before was never believed
        select {listed}, known_from, $at::timestamp from ended where known_from < $at::timestamp
        union all
        select {listed}, known_from, null from begun
        """,
        {"at": naive_utc(at)},
    )


def _differs(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    before, after = f"{table.name}_before", f"{table.name}_after"
    found = connection.execute(
        f"select count(*) from ((from {before} except all from {after}) union all (from {after} except all from {before}))"
    ).fetchone()
    return bool(found and found[0])


def _content_hash(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the sha256 over all rows of all tables, in an order of their own."""
    digest = sha256()
    for table in TABLES:
        digest.update(table.name.encode())
        rows = connection.execute(f"select to_json(t)::varchar as row_text from {table.name}_after as t order by 1")
        for (text,) in rows.fetchall():
            digest.update(text.encode() + b"\n")
    return digest.hexdigest()


def _own_columns(table: Table) -> tuple[column_classes.Column, ...]:
    return tuple(column for column in table.columns if column.name not in _SPAN)


def _facts(dossier: Dossier) -> Mapping[Table, list[_Fact]]:
    """Return the facts of a dossier by table, values in the order of the table's columns."""
    return MappingProxyType(
        {
            dossier_tables.DOSSIER_PARTNERS: [_partner_fact(dossier)],
            dossier_tables.DOSSIER_CHAIN: list(_chain_facts(dossier)),
            dossier_tables.DOSSIER_AUDITS: list(_audit_facts(dossier)),
            dossier_tables.DOSSIER_FORM_VERSIONS: [_form_fact(dossier, form) for form in dossier.form_versions],
            dossier_tables.DOSSIER_NOTICES: list(_notice_facts(dossier)),
            dossier_tables.DOSSIER_NOTICE_RECIPIENTS: list(_recipient_facts(dossier)),
            dossier_tables.DOSSIER_FEEDS: list(_feed_facts(dossier)),
            dossier_tables.DOSSIER_NOTICE_CONTRADICTIONS: list(_contradiction_facts(dossier)),
        }
    )


def _partner_fact(dossier: Dossier) -> _Fact:
    test = dossier.balancing_test
    values = (
        dossier.partner_id,
        dossier.legal_name,
        dossier.collected_directly,
        dossier.sensitivity,
        dossier.legal_basis,
        dossier.source_type,
        test.signed_on if test else None,
        test.shows_expectation if test else None,
        dossier.contract.signed_on,
        dossier.contract.ends_on,
    )
    return _Fact(values, _contract_from(dossier))


def _chain_facts(dossier: Dossier) -> Iterator[_Fact]:
    for position, hop in enumerate(dossier.chain, start=1):
        yield _Fact((dossier.partner_id, position, hop.name, hop.role), _contract_from(dossier))


def _audit_facts(dossier: Dossier) -> Iterator[_Fact]:
    for audit in dossier.audits:
        values = (dossier.partner_id, audit.form_version, audit.on, audit.auditor, audit.finding)
        yield _Fact(values, _midnight(audit.on))


def _form_fact(dossier: Dossier, form: FormVersion) -> _Fact:
    values = (
        dossier.partner_id,
        form.form_version,
        form.url,
        naive_utc(form.first_seen_at),
        _naive(form.last_seen_at),
        _naive(form.stopped_at),
        form.box_default,
        form.act,
        form.refusal_as_easy,
        form.bundled_with_entry,
        form.notice_id,
    )
    return _Fact(values, naive_utc(form.first_seen_at))


def _notice_facts(dossier: Dossier) -> Iterator[_Fact]:
    for notice in dossier.notices:
        values = (
            dossier.partner_id,
            notice.notice_id,
            notice.language,
            notice.text,
            list(notice.purposes),
            list(notice.channels),
            notice.mentions_targeting,
            list(notice.targeting_by),
        )
        yield _Fact(values, _notice_from(dossier, notice.notice_id))


def _recipient_facts(dossier: Dossier) -> Iterator[_Fact]:
    for notice in dossier.notices:
        for position, recipient in enumerate(notice.recipients, start=1):
            values = (dossier.partner_id, notice.notice_id, position, recipient.name, recipient.kind)
            yield _Fact(values, _notice_from(dossier, notice.notice_id))


def _feed_facts(dossier: Dossier) -> Iterator[_Fact]:
    for feed in dossier.feeds:
        values = (dossier.partner_id, feed.feed_id, feed.kind, feed.mode, feed.form_version_from)
        yield _Fact(values, _contract_from(dossier))


def _contradiction_facts(dossier: Dossier) -> Iterator[_Fact]:
    for found in lint_dossier(dossier):
        values = (dossier.partner_id, found.notice_id, found.aspect.value, found.fault.value, found.value, found.words)
        yield _Fact(values, _notice_from(dossier, found.notice_id))


def _contract_from(dossier: Dossier) -> datetime:
    return _midnight(dossier.contract.signed_on)


def _notice_from(dossier: Dossier, notice_id: str) -> datetime:
    """Return the first instant at which a form showed the notice; a notice that none shows came with the contract."""
    shown = [naive_utc(form.first_seen_at) for form in dossier.form_versions if form.notice_id == notice_id]
    return min(shown, default=_contract_from(dossier))


def _midnight(day: date) -> datetime:
    return naive_utc(midnight_in_paris(day))


def _naive(instant: datetime | None) -> datetime | None:
    return None if instant is None else naive_utc(instant)
