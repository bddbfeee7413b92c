"""Withdrawal rows: who takes a consent back, by number or by the partner's record id, and from when.

A withdrawal applies even where the rest of its row is bad, so only a row that names nobody is quarantined. Which
acts it hits belongs to `dbt_project`.
"""

from __future__ import annotations

import duckdb

from consent.dossiers import Feed
from partners_ingest.delivery import PLACE_SQL
from partners_ingest.phone_cells import read_phone_cells
from partners_ingest.repairs import (
    clock_repairs_sql,
    codes_sql,
    create_repair_macros,
    date_repairs_sql,
    guard_repair_sql,
    merged_sql,
    phone_repairs_sql,
    text_repairs_sql,
    unread_sql,
)
from partners_ingest.values import create_value_macros, formats_of, instant_sql
from terms.environment import NumberRules
from terms.reasons import RowRepair

#: A withdrawal dated so much after its file's export is a slip of the pen: it counts from the export, not years later.
_TOLERANCE = "1 day"

#: Rows for `schemas.WITHDRAWALS`, from `keyed` and `delivery`.
WITHDRAWALS_SQL = f"""
select {PLACE_SQL}, contact_id, source_key, withdrawn_at, withdrawn_at_quality, repairs, unread
from keyed cross join delivery where len(reasons) = 0 order by line_number
"""


def type_withdrawals(connection: duckdb.DuckDBPyConnection, feed: Feed, rules: NumberRules) -> None:
    """Create `typed` from `fields` and `delivery`: the columns of a withdrawal, `problem` and `faults`.

    A day without time counts from its last second in Paris; no date, or none that can be read, from the export
    instant (partners README, section 2). Neither can a withdrawal wait for a day after the export: it counts from then.
    """
    create_value_macros(connection)
    create_repair_macros(connection)
    _create_values(connection, feed)
    read_phone_cells(connection, "(select * from row_values where problem is null)", rules)
    connection.execute(
        f"""
        create table typed as
        with dated as (
            select *,
                case when day is not null then utc_of_local(day::timestamp + interval '23:59:59', 'Europe/Paris')
                    else stated.at end as stated_at,
                (select exported_at from delivery) as exported_at
            from row_values
        ),
        timed as (
            select * exclude (exported_at), exported_at,
                stated_at is null or stated_at >= exported_at + interval {_TOLERANCE} as is_export_instant
            from dated
        )
        select r.* exclude (phones, stated, day, stated_at, exported_at, is_export_instant, repairs),
            p.e164, p.phone_raw,
            if(is_export_instant, exported_at, stated_at) as withdrawn_at,
            if(is_export_instant, 'export_instant', stated.quality) as withdrawn_at_quality,
            if(p.e164 is null and source_record_id = '', [coalesce(p.code, 'PHONE_MISSING')], []) as faults,
            {merged_sql("r.repairs", _future_sql(), phone_repairs_sql("p.phone_raw", "p.e164"))} as repairs
        from timed as r left join phones as p on r.line_number = p.line_number
        """
    )


def _future_sql() -> str:
    return codes_sql((RowRepair.WITHDRAWAL_DATE_IN_FUTURE, "is_export_instant and stated_at is not null"))


def _create_values(connection: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    instant = instant_sql("unguarded(withdrawn_at)", formats_of(feed, "withdrawn_at"), feed.timezone)
    connection.execute(
        f"""
        create table row_values as
        with read as (
            select *, {instant} as stated from fields
        )
        select line_number, byte_offset, byte_length, record_key, problem, phones,
            unguarded(source_record_id) as source_record_id, unguarded(consent_id) as source_consent_id,
            given_name, family_name, sex as sex_raw, email, street, city, ip, user_agent, page_url,
            reason as withdrawal_reason, nullif(postcode, '') as postcode, country_of(country) as country,
            {_repairs_sql(feed)} as repairs,
            {unread_sql({"withdrawn_at": "stated"})} as unread,
            stated, if(stated.quality = 'date_only',
                timezone('{feed.timezone}', timezone('UTC', stated.at))::date, null) as day
        from read
        """
    )


def _repairs_sql(feed: Feed) -> str:
    """Return SQL for the codes of everything mended in a row of `read` but its phone."""
    return merged_sql(
        text_repairs_sql(),
        guard_repair_sql(("source_record_id", "consent_id", "withdrawn_at")),
        date_repairs_sql("unguarded(withdrawn_at)", "stated", feed, "withdrawn_at"),
        clock_repairs_sql("stated", feed.timezone),
    )
