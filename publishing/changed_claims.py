"""Which of a partner's rows a changed dossier can concern, told from what the rows themselves state.

One row too many is harmless, one too few would leave a stale finding. A row can mean a form version only by stating it,
by stating a notice that the form shows, or by an instant within the form's time, whatever is believed of the form. By what
a changed fact finds rows is told by the dbt models (`publishing.facts_of_partners`).
Which contacts are judged again is decided in `publishing.affected_contacts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from publishing.facts_of_partners import FactTable, facts_of_partners
from stores.snapshots import Snapshot, SnapshotStore
from stores.sql_files import checked_name, sql_of


@dataclass(frozen=True)
class ChangedClaims:
    """Rows of a partner that a change can concern: by form version, by notice, or by when they were given (naive UTC).

    A row without instant was given when its file was exported. Open ends are None; where all four are None: every row.
    """

    partner_id: str
    form_version: str | None
    notice_id: str | None
    given_from: datetime | None
    given_until: datetime | None


def changed_claims(
    connection: duckdb.DuckDBPyConnection,
    snapshots: SnapshotStore,
    before: Mapping[str, str],
    now: Mapping[str, Snapshot],
) -> tuple[ChangedClaims, ...] | None:
    """Return what the change from one set of snapshots to another can be about.

    Args:
        connection: any; views and temporary tables are left in it.
        snapshots: where they are kept.
        before: sha256 by kind.
        now: by kind.

    Returns:
        One or several per change, or None where the files of an earlier snapshot are gone.
    """
    facts = facts_of_partners()
    kinds = {fact.kind for fact in facts}
    if all(now[kind].sha256 == before.get(kind) for kind in kinds if kind in now):
        return ()
    earlier = {kind: snapshots.by_hash(kind, before.get(kind, "")) for kind in kinds}
    if any(earlier[kind] is None for kind in kinds if kind in now):
        return None
    connection.execute(sql_of(__file__, "concerned"))
    connection.execute(sql_of(__file__, "limit_instants"))
    for fact in facts:
        sides = (snapshots.sql(earlier[fact.kind], fact.table), snapshots.sql(now.get(fact.kind), fact.table))
        _create_difference(connection, fact, sides)
        _add_rows_concerned(connection, fact)
    return tuple(ChangedClaims(*row) for row in connection.execute(sql_of(__file__, "claims")).fetchall())


def _create_difference(connection: duckdb.DuckDBPyConnection, fact: FactTable, sides: tuple[str, str]) -> None:
    """Create the views `…_before` and `…_now` of a table's two snapshots, and the table `…_differs`."""
    name = checked_name(fact.table.name)
    for side, sql in zip(("before", "now"), sides, strict=True):
        connection.execute(f"create or replace temp view {name}_{side} as {sql}")
    connection.execute(
        f"create or replace temp table {name}_differs as {sql_of(__file__, 'difference')}",
        {"before": f"{name}_before", "now": f"{name}_now"},
    )


def _add_rows_concerned(connection: duckdb.DuckDBPyConnection, fact: FactTable) -> None:
    """Add what a table's difference concerns; the limits of a partner as a whole are part of that, others part its rows."""
    name, by = fact.table.name, fact.concerns_rows_by
    if by == "partner_id" and fact.limits:
        (limit,) = fact.limits
        connection.execute(
            sql_of(__file__, "by_partner_id_beside_a_limit"),
            {"differs": f"{name}_differs", "limit_column": limit.column},
        )
        return
    statements = {
        "partner_id": sql_of(__file__, "by_partner_id"),
        "form_version": sql_of(__file__, "by_form_version"),
        "notice_id": sql_of(__file__, "by_notice_id"),
    }
    connection.execute(statements[by], {"differs": f"{name}_differs"})
    for limit in fact.limits:
        for side in ("before", "now"):
            bound = {
                "beliefs": f"{name}_{side}",
                "limit_column": limit.column,
                "is_after": limit.is_after,
                "is_now": side == "now",
            }
            connection.execute(sql_of(__file__, "limits"), bound)
