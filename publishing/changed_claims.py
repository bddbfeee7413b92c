"""Which of a partner's rows a changed dossier can concern, told from what the rows themselves state.

One row too many is harmless, one too few would leave a stale finding. A row can mean a form version only by stating it,
by stating a notice that the form shows, or by an instant within the form's time, whatever is believed of the form.
Which contacts are judged again is decided in `publishing.affected_contacts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from consent.dossiers import dossier_snapshots
from stores.schemas import dossier_tables
from stores.snapshots import Snapshot, SnapshotStore
from stores.sql_files import checked_name, sql_of

#: Snapshots of facts about partners, with their tables.
_OF_PARTNERS = {
    dossier_snapshots.KIND: dossier_snapshots.TABLES,
    "form_stops": (dossier_tables.FORM_STOPS,),
}


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
    if all(now[kind].sha256 == before.get(kind) for kind in _OF_PARTNERS if kind in now):
        return ()
    for kind, tables in _OF_PARTNERS.items():
        current = now.get(kind)
        earlier = snapshots.by_hash(kind, before.get(kind, ""))
        if current is not None and earlier is None:
            return None
        for table in tables:
            sides = (snapshots.sql(earlier, table), snapshots.sql(current, table))
            _create_difference(connection, checked_name(table.name), sides)
    return tuple(ChangedClaims(*row) for row in connection.execute(sql_of(__file__, "claims")).fetchall())


def _create_difference(connection: duckdb.DuckDBPyConnection, name: str, sides: tuple[str, str]) -> None:
    """Create the views `…_before` and `…_now` of a table's two snapshots, and the table `…_differs`."""
    for side, sql in zip(("before", "now"), sides, strict=True):
        connection.execute(f"create or replace temp view {name}_{side} as {sql}")
    connection.execute(
        f"create or replace temp table {name}_differs as {sql_of(__file__, 'difference')}",
        {"before": f"{name}_before", "now": f"{name}_now"},
    )
