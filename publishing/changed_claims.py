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
        connection: any; views are left in it.
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
            for side, sql in zip(("before", "now"), sides, strict=True):
                connection.execute(f"create or replace temp view {table.name}_{side} as {sql}")
            connection.execute(_DIFFERENCE.format(table=table.name))
    return tuple(ChangedClaims(*row) for row in connection.execute(_CLAIMS).fetchall())


_DIFFERENCE = """
create or replace temp table {table}_differs as
(from {table}_before except all from {table}_now) union all (from {table}_now except all from {table}_before)
"""

#: What else than its end a contract's partner is believed to be: if all that is the same, only the end has moved.
_BESIDE_THE_END = ", ".join(
    name
    for name in dossier_tables.DOSSIER_PARTNERS.names()
    if name not in ("partner_id", "contract_ends_on", "known_from", "known_until")
)

_CLAIMS = f"""
with
moved_ends as (
    -- one belief closed, the next one opened at that instant, and they differ by the contract's end alone
    select partner_id, min(contract_ends_on)::timestamp as given_from
    from dossier_partners_differs
    group by partner_id
    having
        count(*) = 3
        and max(known_until) = max(known_from)
        and count(distinct row({_BESIDE_THE_END})) = 1
),
whole as (
    select partner_id from dossier_chain_differs
    union
    select partner_id from dossier_feeds_differs
    union
    select partner_id from dossier_audits_differs where form_version = '*'
    union
    select partner_id from dossier_partners_differs
    where partner_id not in (select partner_id from moved_ends)
),
notices as (
    select partner_id, notice_id from dossier_notices_differs
    union
    select partner_id, notice_id from dossier_notice_recipients_differs
    union
    select partner_id, notice_id from dossier_notice_contradictions_differs
),
believed_forms as (
    select partner_id, form_version, notice_id, first_seen_at, last_seen_at from dossier_form_versions_before
    union
    select partner_id, form_version, notice_id, first_seen_at, last_seen_at from dossier_form_versions_now
),
forms as (
    select partner_id, form_version from dossier_audits_differs where form_version <> '*'
    union
    select partner_id, form_version from dossier_form_versions_differs
    union
    select partner_id, form_version from form_stops_differs
    union
    select partner_id, form_version from believed_forms semi join notices using (partner_id, notice_id)
),
meant as (
    select * from believed_forms semi join forms using (partner_id, form_version)
),
limits as (
    -- instants that part the rows of a partner into claims; one that comes or goes moves the rows up to the next that stays
    select partner_id, limit_at, bool_and(is_now) = bool_or(is_now) as has_moved
    from (
        select partner_id, unnest([first_seen_at, date_trunc('second', last_seen_at) + interval 1 second]) as limit_at, false as is_now
        from dossier_form_versions_before
        union
        select partner_id, unnest([first_seen_at, date_trunc('second', last_seen_at) + interval 1 second]) as limit_at, true as is_now
        from dossier_form_versions_now
    )
    where limit_at is not null
    group by partner_id, limit_at
),
parted as (
    select
        partner_id,
        limit_at as given_from,
        (
            select min(stays.limit_at) from limits as stays
            where stays.partner_id = limits.partner_id and not stays.has_moved and stays.limit_at > limits.limit_at
        ) as given_until
    from limits
    where has_moved
),
told as (
    select partner_id, null::varchar as form_version, null::varchar as notice_id, null::timestamp as given_from, null::timestamp as given_until
    from whole
    union all
    select partner_id, null, null, given_from, null from moved_ends
    union all
    select partner_id, form_version, null, null, null from forms
    union all
    select partner_id, null, notice_id, null, null from notices
    union all
    select partner_id, null, notice_id, null, null from meant where notice_id is not null
    union all
    select partner_id, null, null, first_seen_at, last_seen_at + interval 2 seconds from meant
    union all
    select partner_id, null, null, given_from, given_until from parted
)
select distinct * from told order by all
"""
