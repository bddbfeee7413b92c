"""Affected contacts: those of new files and changed dossiers, and those that share a record or an IP with them.

A finding depends on a contact's own rows, on rows that share a record or a burst's IP with them, on withdrawals of its
number or records, and on what is believed of its partners (`publishing.changed_claims` finds the rows that a changed
fact concerns). So a base can start as a copy of the serving base in which only the affected contacts are judged again.
Where that does not hold, the base is built whole, which `publishing.build` decides by the answer of this module. dbt
reads the contacts from `lake.touched`.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from publishing.changed_claims import ChangedClaims, changed_claims
from stores.snapshots import SnapshotStore
from stores.sql_files import sql_of
from stores.warehouse.inputs import BuildInputs
from stores.warehouse.warehouse import BaseManifest

#: Policy: once more than this share of the contacts was affected since the last whole build, the next build is whole again.
#: Rows that are judged again are at the end of their table, out of the order of contacts, which makes look-ups slower.
MAX_AFFECTED_SHARE = 0.2

#: Snapshots that concern every contact: a changed one means a whole build.
_OF_ALL = ("controller",)


@dataclass(frozen=True)
class Changes:
    """What is new since the serving base: ids of deliveries, and rows of partners of whom something else is believed."""

    deliveries: tuple[str, ...]
    claims: tuple[ChangedClaims, ...]


def changes_since(
    serving: BaseManifest | None,
    inputs: BuildInputs,
    snapshots: SnapshotStore,
    connection: duckdb.DuckDBPyConnection,
) -> Changes | None:
    """Return what changed since the serving base, or None where the base must be built whole.

    Whole: a first base, other SQL or another DuckDB, another controller or open data, a delivery that is missing or was read again,
    a snapshot without files, or as many affected contacts as `MAX_AFFECTED_SHARE` allows.

    Args:
        serving: manifest of the base that is served; None = nothing was published yet.
        inputs: of the base to be made.
        snapshots: where configuration is kept.
        connection: in memory; temporary tables are left in it.
    """
    if serving is None or not _may_grow_from(serving, inputs):
        return None
    claims = changed_claims(connection, snapshots, serving.snapshots, inputs.snapshots)
    if claims is None:
        return None
    new = tuple(item.delivery_id for item in inputs.deliveries if item.delivery_id not in serving.deliveries)
    heard = tuple(delivery_id for delivery_id in inputs.heard if delivery_id not in serving.heard)
    return Changes((*new, *heard), claims)


def _may_grow_from(serving: BaseManifest, inputs: BuildInputs) -> bool:
    current = {item.delivery_id: item.reading for item in inputs.deliveries}
    contacts = serving.row_counts.get("contacts", 0)
    return (
        serving.code_version == inputs.code_version
        and dict(serving.open_data) == dict(inputs.open_data)
        and all(
            kind in inputs.snapshots and inputs.snapshots[kind].sha256 == serving.snapshots.get(kind)
            for kind in _OF_ALL
        )
        and all(current.get(delivery) == reading for delivery, reading in serving.deliveries.items())
        and set(serving.heard) <= set(inputs.heard)
        and serving.touched_since_whole <= contacts * MAX_AFFECTED_SHARE
    )


def collect_affected(build: duckdb.DuckDBPyConnection, changes: Changes) -> int | None:
    """Create `lake.touched` (contact_id) in a copy of the serving base, and restrict `lake.opt_ins` to the rows near them.

    Args:
        build: the copy, with the inputs attached as the schema `lake`.
        changes: since the base that it is a copy of.

    Returns:
        The number of affected contacts, or None where they are more than `MAX_AFFECTED_SHARE` of all.
    """
    columns = (
        [getattr(item, name) for item in changes.claims]
        for name in ("partner_id", "form_version", "notice_id", "given_from", "given_until")
    )
    bound = {
        "deliveries": list(changes.deliveries),
        **dict(zip(("partners", "forms", "notices", "froms", "untils"), columns, strict=True)),
    }
    build.execute("drop table main.base_manifest")  # of the base that it is a copy of
    build.execute("create table lake.known_situations as select * from main.situation_keys")
    build.execute(sql_of(__file__, "moved_addresses"))
    if changes.deliveries:
        build.execute(sql_of(__file__, "add_moved_addresses"))
    build.execute(sql_of(__file__, "affected"), bound)
    (affected, contacts) = build.execute(
        "select (select count(*) from lake.touched), (select count(*) from main.contacts)"
    ).fetchall()[0]
    if affected > contacts * MAX_AFFECTED_SHARE:
        return None
    build.execute(sql_of(__file__, "near_opt_ins"))
    build.execute("create or replace view lake.opt_ins as select * from lake.near_opt_ins")
    return int(affected)
