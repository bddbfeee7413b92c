"""Withdrawal rows: who takes a consent back, by number or by the partner's record id, and from when.

A withdrawal applies even where the rest of its row is bad, so only a row that names nobody is quarantined. Which
acts it hits belongs to `dbt_project`.
"""

from __future__ import annotations

import duckdb

from consent.dossiers import Feed
from partners_ingest.delivery import PLACE_SQL
from partners_ingest.phone_cells import read_phone_cells
from partners_ingest.values import create_value_macros, formats_of, instant_sql
from terms.environment import NumberRules

#: Rows for `schemas.WITHDRAWALS`, from `keyed` and `delivery`.
WITHDRAWALS_SQL = f"""
select {PLACE_SQL}, contact_id, source_key, withdrawn_at, withdrawn_at_quality
from keyed cross join delivery where len(reasons) = 0 order by line_number
"""


def type_withdrawals(connection: duckdb.DuckDBPyConnection, feed: Feed, rules: NumberRules) -> None:
    """Create `typed` from `fields` and `delivery`: the columns of a withdrawal, `problem` and `faults`.

    A day without time counts from its last second in Paris; no date, or none that can be read, from the export
    instant (partners README, section 2).
    """
    create_value_macros(connection)
    _create_values(connection, feed)
    read_phone_cells(connection, "(select * from row_values where problem is null)", rules)
    connection.execute(
        """
        create table typed as
        select r.* exclude (phones, stated, day), p.e164, p.phone_raw,
            case when day is not null then utc_of_local(day::timestamp + interval '23:59:59', 'Europe/Paris')
                else coalesce(stated.at, (select exported_at from delivery)) end as withdrawn_at,
            coalesce(stated.quality, 'export_instant') as withdrawn_at_quality,
            if(p.e164 is null and source_record_id = '', [coalesce(p.code, 'PHONE_MISSING')], []) as faults
        from row_values as r left join phones as p on r.line_number = p.line_number
        """
    )


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
            stated, if(stated.quality = 'date_only',
                timezone('{feed.timezone}', timezone('UTC', stated.at))::date, null) as day
        from read
        """
    )
