"""Removing persons from the files of vault and lake: each file is written again without their rows.

What to remove was found by `lineage.erasure.erasure_traces`. Evidence is redacted by
`partners_ingest.erased.redaction`, the base is published again by `publishing.erasing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from lineage.erasure.erasure_traces import Person, Traces, create_gone
from partners_ingest.erased.number_search import NumberSearch
from stores.all_stores import Stores
from stores.engine import connect
from stores.operations import database, erasure_tables
from stores.operations.rewrites import announce
from stores.schemas import delivered_rows, territory_tables, vault_tables
from stores.schemas.column_classes import Privacy, Table

_ROW_TABLES = (
    delivered_rows.OPT_INS,
    delivered_rows.WITHDRAWALS,
    delivered_rows.WITHDRAWAL_SIGNALS,
    delivered_rows.AGE_BRACKETS,
)
_ACCEPTED = (delivered_rows.OPT_INS, delivered_rows.WITHDRAWALS)
#: Rows that take back what was agreed under a record's key, whoever agreed: of a record that others had too, they stay.
_OF_RECORDS = (delivered_rows.WITHDRAWALS, delivered_rows.WITHDRAWAL_SIGNALS)
_SHARED = "source_key is not null and source_key not in (select key from own_sources)"


def erase_from_vault(stores: Stores, persons: Sequence[Person], traces: Traces) -> None:
    """Remove the persons' rows and addresses from every reading, and their numbers from other people's cells.

    Args:
        stores: the opened stores.
        persons: who is erased.
        traces: what was found of them.
    """
    search = NumberSearch(person.number for person in persons if person.number)
    # those with other people's cells first: as long as these stand, a person's own row tells a further run the number
    names = sorted(
        stores.vault.files(vault_tables.IDENTITIES), key=lambda name: name.rpartition(".r")[0] not in traces.mentions
    )
    for name in names:
        _erase_identities(stores, name, persons, traces, search)
    for name in stores.vault.files(vault_tables.ADDRESSES):
        _erase_addresses(stores, name, persons)


def erase_from_lake(stores: Stores, persons: Sequence[Person], traces: Traces) -> None:
    """Remove the persons' rows from every reading, and their record keys from quarantine.

    Args:
        stores: the opened stores.
        persons: who is erased.
        traces: what was found of them.
    """
    with connect() as lake:
        _create_erased_tables(lake, persons, traces)
        for table in _ROW_TABLES:
            for name in stores.lake.files(table):
                _erase_rows(stores, lake, table, name)
        for name in stores.lake.files(delivered_rows.QUARANTINE):
            _erase_keys(stores, lake, name)
        for name in stores.lake.files(territory_tables.ADDRESS_TIES):
            _erase_ties(stores, lake, name)


def _create_erased_tables(connection: duckdb.DuckDBPyConnection, persons: Sequence[Person], traces: Traces) -> None:
    create_gone(connection, persons)
    for table, keys in (("own_sources", traces.source_keys), ("own_addresses", traces.address_keys)):
        connection.execute(
            f"create or replace temp table {table} as select unnest($keys::varchar[]) as key,"
            " unnest($erasures::varchar[]) as erasure_id",
            {"keys": list(keys), "erasures": list(keys.values())},
        )


def _erase_identities(
    stores: Stores, name: str, persons: Sequence[Person], traces: Traces, search: NumberSearch
) -> None:
    delivery_id = name.rpartition(".r")[0]
    own = sorted(set(traces.lines.get(delivery_id, ())) - traces.mentions.get(delivery_id, frozenset()))
    mentions = traces.mentions.get(delivery_id, frozenset())
    with stores.vault.rewriter(vault_tables.IDENTITIES, name) as vault:
        create_gone(vault, persons)
        bound = {"own": own, "mentions": sorted(mentions)}
        goes = "(contact_id in (select contact_id from gone) or line_number in (select unnest($own::bigint[])))"
        row = vault.execute(
            f"select count(*) filter ({goes}), count(*) filter (line_number in (select unnest($mentions::bigint[])))"
            " from identities",
            bound,
        ).fetchone()
        if row == (0, 0):
            return
        _blank_mentions(vault, sorted(mentions), search)
        announce(stores.engine, stores.home, [stores.vault.path(vault_tables.IDENTITIES, name)], stores.clock.now())
        columns = ", ".join(
            f"if(cells.{column.name}_is_told, null, identities.{column.name}) as {column.name}"
            if column.privacy is Privacy.IDENTITY
            else f"identities.{column.name}"
            for column in vault_tables.IDENTITIES.columns
        )
        stores.vault.write(
            vault,
            vault_tables.IDENTITIES,
            name,
            f"select {columns} from identities left join cells on identities.line_number = cells.place"
            f" where not coalesce({goes.replace('contact_id in', 'identities.contact_id in')}, false)"
            " order by identities.line_number",
            {"own": own},
        )


def _blank_mentions(vault: duckdb.DuckDBPyConnection, lines: Sequence[int], search: NumberSearch) -> None:
    """Create `cells`: which cells of other people's rows name a person."""
    names = [column.name for column in vault_tables.IDENTITIES.columns if column.privacy is Privacy.IDENTITY]
    flags = ", ".join(f"{name}_is_told boolean" for name in names)
    vault.execute(f"create temp table cells (place bigint, {flags})")
    rows = vault.execute(
        f"select line_number, {', '.join(names)} from identities where line_number in (select unnest($lines::bigint[]))"
        " and contact_id not in (select contact_id from gone)",
        {"lines": list(lines)},
    ).fetchall()
    for line, *cells in rows:
        told = [bool(cell) and bool(search.found_in(str(cell).encode())) for cell in cells]
        vault.execute(f"insert into cells values ({', '.join('?' * (len(names) + 1))})", [line, *told])


def _erase_addresses(stores: Stores, name: str, persons: Sequence[Person]) -> None:
    """Take out the addresses of a reading that only persons who go have in it."""
    opt_ins = stores.lake.sql(
        delivered_rows.OPT_INS, [name] if stores.lake.path(delivered_rows.OPT_INS, name).exists() else []
    )
    with stores.vault.rewriter(vault_tables.ADDRESSES, name) as vault:
        create_gone(vault, persons)
        vault.execute(
            "create temp table stays as select distinct address_key"
            f" from ({opt_ins}) where contact_id not in (select contact_id from gone)"
        )
        row = vault.execute("select count(*) from addresses anti join stays using (address_key)").fetchone()
        if row == (0,):
            return
        announce(stores.engine, stores.home, [stores.vault.path(vault_tables.ADDRESSES, name)], stores.clock.now())
        kept = "select * from addresses semi join stays using (address_key) order by address_key"
        stores.vault.write(vault, vault_tables.ADDRESSES, name, kept)


def _erase_rows(stores: Stores, lake: duckdb.DuckDBPyConnection, table: Table, name: str) -> None:
    """Take the persons' rows out of a file; what was accepted of them is counted in the ledger first.

    A withdrawal under a record's key that stood for somebody else's number too is that person's as well: it stays,
    about the record alone. Without it their agreement would come alive again at the next build.
    """
    by_record = "contact_id is null and source_key in (select key from own_sources)"
    hit = f"(contact_id in (select contact_id from gone) or {by_record if 'source_key' in table.names() else 'false'})"
    stays = _SHARED if table in _OF_RECORDS else "false"
    file = stores.lake.sql(table, [name])
    row = lake.execute(f"select count(*) from ({file}) where {hit}").fetchone()
    if row == (0,):
        return
    if table in _ACCEPTED:
        _count_rows(stores, lake, f"select * from ({file}) where not ({stays})", name)
    kept = f"select * replace (if({hit}, null, contact_id) as contact_id) from ({file})"
    _rewrite(stores, lake, table, name, f"{kept} where not coalesce({hit}, false) or {stays} order by line_number")


def _count_rows(stores: Stores, lake: duckdb.DuckDBPyConnection, file: str, name: str) -> None:
    rows = lake.execute(
        f"select coalesce(gone.erasure_id, own_sources.erasure_id), count(*) from ({file}) as rows"
        " left join gone on rows.contact_id = gone.contact_id"
        " left join own_sources on rows.contact_id is null and rows.source_key = own_sources.key"
        " where gone.erasure_id is not null or own_sources.erasure_id is not null group by 1"
    ).fetchall()
    delivery_id, _, reading = name.rpartition(".r")
    told = [
        {"erasure_id": erasure, "delivery_id": delivery_id, "reading": int(reading), "accepted_rows": count}
        for erasure, count in rows
    ]
    with database.transaction(stores.engine) as work:
        database.insert_once(work, erasure_tables.erased_rows, told)


def _erase_keys(stores: Stores, lake: duckdb.DuckDBPyConnection, name: str) -> None:
    file = stores.lake.sql(delivered_rows.QUARANTINE, [name])
    hit = "source_key in (select key from own_sources)"
    if lake.execute(f"select count(*) from ({file}) where {hit}").fetchone() == (0,):
        return
    kept = f"select * replace (if({hit}, null, source_key) as source_key) from ({file}) order by line_number"
    _rewrite(stores, lake, delivered_rows.QUARANTINE, name, kept)


def _erase_ties(stores: Stores, lake: duckdb.DuckDBPyConnection, name: str) -> None:
    file = stores.lake.sql(territory_tables.ADDRESS_TIES, [name])
    hit = "address_key in (select key from own_addresses)"
    if lake.execute(f"select count(*) from ({file}) where {hit}").fetchone() != (0,):
        _rewrite(stores, lake, territory_tables.ADDRESS_TIES, name, f"select * from ({file}) where not {hit}")


def _rewrite(stores: Stores, lake: duckdb.DuckDBPyConnection, table: Table, name: str, select: str) -> None:
    files: list[Path] = [stores.lake.path(table, name)]
    announce(stores.engine, stores.home, files, stores.clock.now())
    stores.lake.write(lake, table, name, select)
