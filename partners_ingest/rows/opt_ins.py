"""Opt-in rows: the typed columns of a record, and all the reasons for which it cannot be trusted.

What the row states is kept as stated (notice, form version, channels); what that means against the dossier, and
what the consent allows, belongs to `dbt_project`. Fields, phones and single values have modules of their own.
"""

from __future__ import annotations

import duckdb

from consent.dossiers.feeds import Feed
from partners_ingest.rows.delivery_facts import POSITION_SQL, exported_sql
from partners_ingest.rows.fields import is_mapped
from partners_ingest.rows.phone_cells import read_phone_cells
from partners_ingest.rows.repairs import (
    clock_repairs_sql,
    create_repair_macros,
    date_repairs_sql,
    guard_repair_sql,
    merged_sql,
    phone_repairs_sql,
    postcode_repairs_sql,
    text_repairs_sql,
    unread_sql,
)
from partners_ingest.rows.values import (
    NO_COUNTRY,
    birth_date_sql,
    create_value_macros,
    flag_sql,
    formats_of,
    instant_sql,
    list_sql,
    one_of_sql,
    sex_sql,
)
from terms.environment import NumberRules
from terms.identifiers import NO_TEXT_NOTICE_ID

#: Rows for `delivered_rows.OPT_INS`, from `keyed` and `delivery`.
OPT_INS_SQL = f"""
select {POSITION_SQL}, contact_id, source_key, address_key, ip_key, flag, consented.at as consented_at,
    consented.quality as consented_at_quality, consent_key as source_consent_id, notice_id, form_version, channels,
    purposes, recipients, sex, birth_date, postcode, country, number_kind, number_zone, is_fiction, repairs,
    unread, page_url <> '' as has_page_url
from keyed cross join delivery where len(reasons) = 0
"""

#: Rows for `delivered_rows.WITHDRAWAL_SIGNALS`, from `keyed` and `delivery`: whatever became of the row itself.
WITHDRAWAL_SIGNALS_SQL = f"""
select {POSITION_SQL}, contact_id, source_key, signal, withdrawal.at as withdrawn_at,
    withdrawal.quality as withdrawn_at_quality
from keyed cross join delivery
where signal is not null and (contact_id is not null or source_key is not null)
"""


#: Field whose cell may be unreadable -> SQL of what it was read as.
_READ = {
    "birth_date": "born",
    "consented_at": "consented",
    "sex": "known_sex",
    "postcode": "known_postcode",
    "country": f"nullif(known_country, '{NO_COUNTRY}')",
}


def type_opt_ins(connection: duckdb.DuckDBPyConnection, feed: Feed, rules: NumberRules) -> None:
    """Create `typed` from `fields` and `delivery`: typed columns, `problem`, and `faults` (row codes that add up).

    `takes_back` says how the row tells of a consent taken back, if it does, and `withdrawal` from when: the person
    was erased by the partner, there is an end date, or the flag says no (feeds.md 5.4).

    Codes: the phone's, FLAG_UNKNOWN, ENTRY_INCOMPLETE, CONSENT_IN_FUTURE (after the export instant),
    BIRTH_AFTER_CONSENT (by the Paris date of the consent); partners README, section 4. CONSENT_CONTRADICTED (two columns of the
    flag disagree), CELLS_SHIFTED (two cells or more hold what belongs in other columns).

    Args:
        connection: the workbench.
        feed: of the file.
        rules: which invented numbers count as mobiles.
    """
    create_value_macros(connection)
    create_repair_macros(connection)
    _create_values(connection, feed)
    read_phone_cells(connection, "row_values", rules)
    exported = exported_sql(connection)
    entry = one_of_sql("entry_state", feed.values.entry_complete) if is_mapped(feed, "entry_state") else "true"
    connection.execute(
        f"""
        create or replace view typed as
        select * exclude (record_key, repairs, phone_repairs, ended, is_born_after, consent_differs, is_shifted, kind, zone, code, is_left), kind as number_kind, zone as number_zone,
            if(takes_back is null, null, withdrawal_of(
                case when takes_back = 'end_date' then ended
                    when takes_back = 'flag_flip' and consented.at <= {exported} then consented
                end, '{feed.timezone}', {exported})) as withdrawal,
            coalesce(starts_with(e164, '+3363998'), false) as is_fiction,
            {merged_sql("repairs", "phone_repairs")} as repairs,
            if(e164 is null or flag is null or not {entry} or consented.at > {exported} or is_born_after or consent_differs
                or is_shifted, list_filter([
                if(e164 is null, coalesce(code, 'PHONE_MISSING'), null),
                if(flag is null, 'FLAG_UNKNOWN', null),
                if(not {entry}, 'ENTRY_INCOMPLETE', null),
                if(consented.at > {exported}, 'CONSENT_IN_FUTURE', null),
                if(is_born_after, 'BIRTH_AFTER_CONSENT', null),
                if(consent_differs, 'CONSENT_CONTRADICTED', null),
                if(is_shifted, 'CELLS_SHIFTED', null)
            ], lambda code: code is not null), []::varchar[]) as faults
        from (select *, {phone_repairs_sql("phone_raw", "e164")} as phone_repairs, if(birth_date < consented.at::date, false,
            birth_date > timezone('Europe/Paris', timezone('UTC', consented.at))::date) as is_born_after from phones)
        """
    )


def _create_values(connection: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    separators, values = feed.list_separators, feed.values
    consented = instant_sql("unguarded(consented_at)", formats_of(feed, "consented_at"), feed.timezone)
    ended = instant_sql("unguarded(withdrawn_at)", formats_of(feed, "withdrawn_at"), feed.timezone)
    born = birth_date_sql("unguarded(birth_date)", formats_of(feed, "birth_date"), "(select read_on from delivery)")
    connection.execute(
        f"""
        create or replace view row_values as
        with read as (
            select *, {consented} as consented, {ended} as ended, {born} as born, {sex_sql("sex", values.sex)} as known_sex,
                postcode_of(postcode, known_country) as known_postcode
            from (select *, country_of(country) as known_country from fields)
        )
        select line_number, byte_offset, byte_length, record_key, problem, phones, entry_state, consent_flag, consent_differs,
            unguarded(source_record_id) as source_record_id, unguarded(consent_id) as source_consent_id,
            given_name, family_name, sex as sex_raw, email, street, city, ip, user_agent, page_url,
            null::varchar as withdrawal_reason,
            {flag_sql("consent_flag", values.flag_given, values.flag_refused, separators.get("consent_flag"))} as flag,
            consented, born as birth_date,
            {_notice_sql(feed)} as notice_id,
            nullif(unguarded(form_version), '') as form_version,
            {list_sql("channels", separators.get("channels"), values.lists.get("channels"))} as channels,
            {list_sql("purposes", separators.get("purposes"), values.lists.get("purposes"))} as purposes,
            {list_sql("recipients", separators.get("recipients"), values.lists.get("recipients"))} as recipients,
            case when {one_of_sql("erasure", values.erased)} then 'anonymised' when withdrawn_at <> '' then 'end_date'
                when flag = 'refused' then 'flag_flip' end as takes_back,
            ended, known_sex as sex, known_postcode as postcode, known_country as country, postcode as stated_postcode,
            country as stated_country, {_stated_notice(feed)} as stated_notice_id,
            {_repairs_sql(feed)} as repairs,
            {unread_sql(_READ)} as unread,
            len(unread) > 1 and cells_are_shifted(unguarded(birth_date), born is null, unguarded(consented_at), consented is null,
                unguarded(postcode), known_postcode is null, country, known_country, sex, known_sex is null) as is_shifted
        from read
        """
    )


def _repairs_sql(feed: Feed) -> str:
    """Return SQL for the codes of everything mended in a row of `read` but its phone."""
    guarded = ("source_record_id", "consent_id", "notice_id", "form_version", "consented_at", "birth_date")
    return merged_sql(
        text_repairs_sql(),
        guard_repair_sql(guarded),
        date_repairs_sql("unguarded(consented_at)", "consented", feed, "consented_at"),
        clock_repairs_sql("consented", feed.timezone),
        date_repairs_sql("unguarded(birth_date)", "born", feed, "birth_date"),
        postcode_repairs_sql("postcode", "known_postcode"),
    )


def _stated_notice(feed: Feed) -> str:
    """Return SQL for the cell that states the notice, as delivered."""
    return "notice_text" if is_mapped(feed, "notice_text") else "notice_id"


def _notice_sql(feed: Feed) -> str:
    """The notice that the row states: the hash of its text if the text is mapped, else its id (README, section 1).

    Null only where the feed states neither: then the form version's notice counts. A mapped cell that is blank states that
    no text was shown.
    """
    if is_mapped(feed, "notice_text"):
        return "sha256(rtrim(nfc_normalize(notice_text), chr(13) || chr(10)))[:16]"
    if is_mapped(feed, "notice_id"):
        return f"coalesce(nullif(unguarded(notice_id), ''), '{NO_TEXT_NOTICE_ID}')"
    return "null::varchar"
