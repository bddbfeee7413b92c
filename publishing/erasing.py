"""Publishing the serving base again without the rows of some contacts, so that an erased person is gone at once.

No contact is judged again: every other row is copied unchanged. Removing persons from what a base is made of belongs to
`lineage.erasure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from publishing.build import control_totals, journal_base, row_counts
from stores.all_stores import Stores
from stores.sql_files import sql_of
from stores.warehouse.warehouse import read_manifest
from terms import failpoint
from terms.clock import to_iso
from terms.identifiers import digest

_CONTACT = "contact_id"


@dataclass(frozen=True)
class Erased:
    """Keyed hashes to be removed: contacts, and the record keys and addresses that nobody else has."""

    contact_ids: Sequence[str]
    source_keys: Sequence[str]
    address_keys: Sequence[str]


def publish_without(stores: Stores, erased: Erased) -> str | None:
    """Publish the base without what was erased and return its new version; None where the base holds none of it.

    Needs memory for no table, and as much disk as the base. A build left by a failed run is deleted too: it may hold
    the person. The caller holds the writer's lock.
    """
    stores.warehouse.discard_build()
    if not stores.warehouse.base_path.exists():
        return None
    try:
        return _publish_without(stores, erased)
    except BaseException:
        stores.warehouse.discard_build()  # on a full disk the room is needed
        raise


def _publish_without(stores: Stores, erased: Erased) -> str | None:
    with stores.warehouse.open_base() as base:
        if not _holds(base, erased):
            return None
        manifest = read_manifest(base)
    spill = stores.home.dbt / "spill"
    spill.mkdir(mode=0o700, parents=True, exist_ok=True)
    with stores.warehouse.copy_base(spill) as build:
        _create_gone_tables(build, erased)
        tables = build.execute("select table_name from duckdb_tables() where database_name = 'served'").fetchall()
        for (table,) in sorted(tables):
            build.execute(f'insert into main."{table}" {_kept(build, table)}')
        if ("situation_counts",) in tables:
            build.execute("delete from situation_counts")
            build.execute("insert into situation_counts from situation_counts_of('verdict_spans')")
        build.execute("detach served; drop table gone_contacts; drop table gone_sources; drop table gone_addresses")
        counts = row_counts(build)
    now = stores.clock.now()
    serving = replace(
        manifest,
        version=f"{now:%Y%m%dT%H%M%SZ}-{digest(manifest.version, to_iso(now))[:8]}",
        published_at=to_iso(now),
        row_counts=counts,
        control_totals=control_totals(stores),
    )
    journal_base(stores, serving, now)
    failpoint.reach("erasure.base_journalled")
    stores.warehouse.publish(serving)
    return serving.version


def _create_gone_tables(connection: duckdb.DuckDBPyConnection, erased: Erased) -> None:
    connection.execute(
        "create temp table gone_contacts as select unnest($ids::uuid[]) as id", {"ids": list(erased.contact_ids)}
    )
    for name, keys in (("gone_sources", erased.source_keys), ("gone_addresses", erased.address_keys)):
        connection.execute(f"create temp table {name} as select unnest($keys::varchar[]) as id", {"keys": list(keys)})


def _holds(base: duckdb.DuckDBPyConnection, erased: Erased) -> bool:
    _create_gone_tables(base, erased)
    found = base.execute(sql_of(__file__, "tables_of_contacts")).fetchall()
    return any(
        base.execute(f'select exists (select 1 from "{table}" semi join gone_contacts on {_CONTACT} = id)').fetchone()
        == (True,)
        for (table,) in found
    )


def _kept(build: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return the query of what stays of a table: rows of the contacts go, so do keys that nobody else has."""
    columns = {
        name
        for (name,) in build.execute(
            "select column_name from duckdb_columns() where database_name = 'served' and table_name = ?", [table]
        ).fetchall()
    }
    kept = f'select * from served.main."{table}"'
    if _CONTACT in columns:
        named = f"{_CONTACT} is null or {_CONTACT} not in (select id from gone_contacts)"
        own = (
            "source_key is null or source_key not in (select id from gone_sources)"
            if "source_key" in columns
            else "true"
        )
        return f"{kept} where ({named}) and ({own} or {_CONTACT} is not null)"
    if table == "address_ties":
        return f"{kept} where address_key not in (select id from gone_addresses)"
    if "source_key" in columns:
        return kept.replace(
            "*", "* replace (if(source_key in (select id from gone_sources), null, source_key) as source_key)", 1
        )
    return kept
