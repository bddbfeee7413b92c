"""Withdrawal rows: who takes a consent back, by number or by the partner's record id, and from when.

A withdrawal applies even where the rest of its row is bad, so only a row that names nobody is quarantined; one that
lost its structure is too, but is heard where its number or id can be read. Which acts it hits belongs to `dbt_project`.
"""

from __future__ import annotations

import duckdb

from consent.dossiers.feeds import Feed
from partners_ingest.rows.delivery_facts import POSITION_SQL, exported_sql
from partners_ingest.rows.phone_cells import read_phone_cells
from partners_ingest.rows.repairs import (
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
from partners_ingest.rows.values import create_value_macros, formats_of, instant_sql
from terms.environment import NumberRules
from terms.reasons import RowRepair

#: Rows for `delivered_rows.WITHDRAWALS`, from `keyed` and `delivery`.
WITHDRAWALS_SQL = f"""
select {POSITION_SQL}, contact_id, source_key, withdrawn_at, withdrawn_at_quality, repairs, unread
from keyed cross join delivery where len(reasons) = 0
"""


def type_withdrawals(connection: duckdb.DuckDBPyConnection, feed: Feed, rules: NumberRules) -> None:
    """Create `typed` from `fields` and `delivery`: the columns of a withdrawal, `problem` and `faults`.

    From when it counts is decided by the macro `withdrawal_of` of `values`.

    Args:
        connection: the workbench.
        feed: of the file.
        rules: which invented numbers count as mobiles.
    """
    create_value_macros(connection)
    create_repair_macros(connection)
    _create_values(connection, feed)
    read_phone_cells(connection, "row_values", rules)
    connection.execute(
        f"""
        create or replace view typed as
        with dated as (
            select *, {phone_repairs_sql("phone_raw", "e164")} as phone_repairs, withdrawal_of(stated, '{feed.timezone}', {exported_sql(connection)}) as withdrawal from phones
        )
        select * exclude (record_key, withdrawal, repairs, phone_repairs, kind, zone, code, is_left),
            if(problem is not null, 'damaged_withdrawal', null) as takes_back,
            withdrawal.at as withdrawn_at, withdrawal.quality as withdrawn_at_quality,
            if(e164 is null and source_record_id = '', [coalesce(code, 'PHONE_MISSING')], []) as faults,
            {merged_sql("repairs", _future_sql(), "phone_repairs")} as repairs
        from dated
        """
    )


def _future_sql() -> str:
    return codes_sql(
        (RowRepair.WITHDRAWAL_DATE_IN_FUTURE, "stated is not null and withdrawal.quality = 'export_instant'")
    )


def _create_values(connection: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    instant = instant_sql("unguarded(withdrawn_at)", formats_of(feed, "withdrawn_at"), feed.timezone)
    connection.execute(
        f"""
        create or replace view row_values as
        with read as (
            select *, {instant} as stated from fields
        )
        select line_number, byte_offset, byte_length, record_key, problem, phones,
            unguarded(source_record_id) as source_record_id, unguarded(consent_id) as source_consent_id,
            given_name, family_name, sex as sex_raw, email, street, city, ip, user_agent, page_url,
            reason as withdrawal_reason, nullif(postcode, '') as postcode, country_of(country) as country,
            {_repairs_sql(feed)} as repairs,
            {unread_sql({"withdrawn_at": "stated"})} as unread,
            stated
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
