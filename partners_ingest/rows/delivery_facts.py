"""One delivery as its rows need to know it, and the shared last steps of typing: reasons, keys, counts.

What is typed belongs to `opt_ins` and `withdrawals`; the way of a delivery to `partners_ingest.intake`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from consent.dossiers.feeds import Feed
from consent.dossiers.known_words import KnownWords
from partners_ingest.rows import stated_words
from partners_ingest.rows.repairs import merged_sql
from stores.engine import quoted
from stores.keys import Keys, RowHash
from terms.clock import naive_utc
from terms.errors import FiliationError


@dataclass(frozen=True)
class DeliveryFacts:
    """What every row of a delivery shares; instants are aware, `read_on` is the Paris day of this reading.

    `words` are those that its dossier knows.
    """

    delivery_id: str
    partner_id: str
    feed: Feed
    exported_at: datetime
    received_at: datetime
    read_on: date
    words: KnownWords


@dataclass(frozen=True)
class ControlTotals:
    """Records of a delivery; `data_rows = accepted_rows + quarantined_rows`, or it is not committed."""

    data_rows: int
    accepted_rows: int
    quarantined_rows: int


@dataclass(frozen=True)
class RowCounts:
    """What the batches of a delivery add up to: records, what became of them, and their physical lines."""

    records: int = 0
    accepted: int = 0
    quarantined: int = 0
    lines: int = 0

    def __add__(self, other: RowCounts) -> RowCounts:
        """Return the counts of both."""
        return RowCounts(
            self.records + other.records,
            self.accepted + other.accepted,
            self.quarantined + other.quarantined,
            self.lines + other.lines,
        )


def create_delivery_tables(connection: duckdb.DuckDBPyConnection, facts: DeliveryFacts) -> None:
    """Create the one-row table `delivery` that the queries of rows select from, and the tables that outlive a batch."""
    connection.execute("create table seen_records (record_key uhugeint)")
    connection.execute(
        "create table delivery as select $id::varchar as delivery_id, $partner::varchar as partner_id,"
        " $feed::varchar as feed_id, $exported::timestamp as exported_at, $received::timestamp as received_at,"
        " $read_on::date as read_on",
        {
            "id": facts.delivery_id,
            "partner": facts.partner_id,
            "feed": facts.feed.feed_id,
            "exported": naive_utc(facts.exported_at),
            "received": naive_utc(facts.received_at),
            "read_on": facts.read_on,
        },
    )


def exported_sql(connection: duckdb.DuckDBPyConnection) -> str:
    """Return SQL for the instant at which the file was exported: a literal, since a subquery would be joined to each row."""
    row = connection.execute("select exported_at from delivery").fetchone()
    assert row is not None  # `create_delivery_tables` made it
    return f"timestamp '{row[0].isoformat()}'"


def shared_sql(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the columns of `delivery` that every row of the lake and the vault has, each as SQL of its value."""
    row = connection.execute(
        "select delivery_id, partner_id, feed_id, exported_at, received_at from delivery"
    ).fetchone()
    assert row is not None  # `create_delivery_tables` made it
    delivery_id, partner_id, feed_id, exported_at, received_at = row
    texts = {"delivery_id": delivery_id, "partner_id": partner_id, "feed_id": feed_id}
    instants = {"exported_at": exported_at, "received_at": received_at}
    return {name: f"'{quoted(text)}'" for name, text in texts.items()} | {
        name: f"timestamp '{instant.isoformat()}'" for name, instant in instants.items()
    }


def judge_rows(connection: duckdb.DuckDBPyConnection, facts: DeliveryFacts, keys: Keys) -> None:
    """Create `keyed` from `typed`: all columns, `reasons` (sorted codes, empty = accepted), `signal`, and keyed hashes.

    A record in `erased_lines` is about an erased person: it has that code alone, and the record says nothing. `typed` has
    `problem` (structural code, comes alone) and `faults` (codes that add up). DUPLICATE_ROW comes alone
    too: no other code, and the text of an earlier record of the file (partners README, section 4). A row whose
    structure is sound may take a consent back whatever its reasons (`signal`), one of a file of withdrawals even where it
    is not; the refusal of an accepted row is one without that, and a repeated row repeats nothing.

    Hashes replace what must not leave the vault: `contact_id` (accepted rows, and those that take a consent back),
    `source_key`, `consent_key`, `address_key`, `ip_key`. This is the one pass over the rows of a batch: between it and
    `fields` all are views.

    Args:
        connection: the workbench, with `typed`, `fields` and `erased_lines`.
        facts: of the delivery: of an opt-in's words only those that its dossier knows stay as they are.
        keys: that make the hashes.
    """
    _find_repeated_rows(connection)
    connection.execute(
        """
        create view if not exists judged as
        select * exclude (takes_back, faults, repeated_line, erased_line), case
            when erased_line is not null then ['PERSON_ERASED']
            when problem is not null then [problem]
            when len(faults) > 0 then list_sort(faults)
            when repeated_line is not null then ['DUPLICATE_ROW']
            else []::varchar[] end as reasons,
            case when reasons in (['DUPLICATE_ROW'], ['PERSON_ERASED']) then null
                when problem is not null and takes_back is distinct from 'damaged_withdrawal' then null
                when takes_back = 'flag_flip' and len(reasons) = 0 then null else takes_back end as signal
        from typed left join repeated_rows on line_number = repeated_line
            left join (select distinct line_number as erased_line from erased_lines) on line_number = erased_line
        """
    )
    _key_rows(connection, facts, keys)


def _find_repeated_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `repeated_rows`: lines of the records in `fields` whose text an earlier one has, of this batch or of one before.

    Few are sorted: keys first. Of a batch that is done only its keys are kept, in `seen_records`.
    """
    connection.execute(
        """
        create or replace table repeated_rows as
        with repeated as (select record_key from fields group by record_key having count(*) > 1),
        placed as (
            select line_number, row_number() over (partition by record_key order by line_number) as place
            from fields semi join repeated using (record_key)
        )
        select line_number as repeated_line from placed where place > 1
        union select line_number from fields semi join seen_records using (record_key)
        """
    )


def keep_seen_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the keys of the records of this batch, for the batches that follow."""
    connection.execute("insert into seen_records select record_key from fields")


def _key_rows(connection: duckdb.DuckDBPyConnection, facts: DeliveryFacts, keys: Keys) -> None:
    record = "partner_id || chr(31) || source_record_id"
    consent = "partner_id || chr(31) || source_consent_id"
    rows, stays = _words_sql(facts) if facts.feed.kind == "optins" else ("judged", "r.*, null as kept_texts,")
    address = "concat_ws(chr(31), street, coalesce(postcode, ''), city, coalesce(country, ''))"
    connection.execute(
        f"""
        create or replace table keyed as
        select {stays}
            if((len(reasons) = 0 or signal is not null) and e164 is not null, {Keys.contact_id_sql("e164")}, null) as contact_id,
            if(source_record_id <> '' and reasons <> ['PERSON_ERASED'], {RowHash.sql(record, "source")}, null) as source_key,
            if(source_consent_id <> '', {RowHash.sql(consent, "source")}, null) as consent_key,
            if(street <> '', {RowHash.sql(address, "address")}, null) as address_key,
            if(ip <> '', {RowHash.sql("ip", "ip")}, null) as ip_key
        from {rows} as r cross join (select partner_id from delivery)
        """,
        {
            **keys.contact.parameters("contact"),
            **keys.source.parameters("source"),
            **keys.address.parameters("address"),
            **keys.ip.parameters("ip"),
            **(keys.source.parameters(stated_words.KEY) if facts.feed.kind == "optins" else {}),
        },
    )


def _words_sql(facts: DeliveryFacts) -> tuple[str, str]:
    """Return SQL of the relation of rows, and of their columns with only such words as may leave the vault."""
    leaving = {
        **stated_words.leaving_sql(facts.words),
        "repairs": merged_sql("repairs", stated_words.found_person_sql()),
    }
    replaced = ", ".join(f"{sql} as {name}" for name, sql in leaving.items())
    stated = "stated_postcode, stated_country, stated_notice_id"
    return (
        f"(select *, {stated_words.unknown_fields_sql(facts.words)} as unknown_fields from judged)",
        f"r.* exclude ({stated}) replace ({replaced}), {stated_words.kept_texts_sql()} as kept_texts,",
    )


def count_rows(connection: duckdb.DuckDBPyConnection) -> RowCounts:
    """Count the batch in `fields` and `keyed`."""
    row = connection.execute(
        """
        select (select count(*) from fields), count(*) filter (len(reasons) = 0), count(*) filter (len(reasons) > 0),
            (select coalesce(sum(line_count), 0) from fields)
        from keyed
        """
    ).fetchone()
    assert row is not None  # an aggregate always gives a row
    return RowCounts(*map(int, row))


def control_totals(counts: RowCounts, lines: int, header_lines: int) -> ControlTotals:
    """Check that every physical line and every record is accounted for, whatever the batches.

    Args:
        counts: of all batches.
        lines: physical lines of the file.
        header_lines: of them, those of the header.

    Raises:
        FiliationError: a line or a record went missing between reading and judging.
    """
    if counts.records != counts.accepted + counts.quarantined or lines != counts.lines + header_lines:
        raise FiliationError(
            f"Control totals differ: {counts.records} records, {counts.accepted} accepted, {counts.quarantined} quarantined,"
            f" {lines} lines, {counts.lines} lines of records.",
            "Nothing of this delivery was kept; report it.",
        )
    return ControlTotals(counts.records, counts.accepted, counts.quarantined)


#: Columns that say where a row is, first in every table of rows of the lake.
POSITION_SQL = "delivery_id, line_number, byte_offset, byte_length, partner_id, feed_id, exported_at, received_at"

#: Rows for `delivered_rows.QUARANTINE`, from `keyed` and `delivery`.
QUARANTINE_SQL = f"""
select {POSITION_SQL}, source_key, reasons, problem is not null as is_structural
from keyed cross join delivery where len(reasons) > 0
"""

#: The distinct addresses of a batch, from `keyed`; of several spellings of one address always the same: rows come in any order.
BATCH_ADDRESSES_SQL = """
select address_key, min(street) as street, min(postcode) as postcode, min(city) as city, min(country) as country
from keyed where len(reasons) = 0 and address_key is not null group by address_key
"""

#: Rows for `vault_tables.ADDRESSES`, from `batch_addresses`, where those of all batches lie.
ADDRESSES_SQL = """
select address_key, min(street) as street, min(postcode) as postcode, min(city) as city, min(country) as country
from batch_addresses group by address_key order by address_key
"""

#: Rows for `vault_tables.IDENTITIES`, from `keyed` and `delivery`.
IDENTITIES_SQL = """
select delivery_id, line_number, contact_id, e164, phone_raw, nullif(source_record_id, '') as source_record_id,
    nullif(source_consent_id, '') as source_consent_id, nullif(given_name, '') as given_name,
    nullif(family_name, '') as family_name, nullif(sex_raw, '') as sex_raw, nullif(email, '') as email,
    nullif(street, '') as street, nullif(city, '') as city, nullif(ip, '') as ip,
    nullif(user_agent, '') as user_agent, nullif(page_url, '') as page_url,
    nullif(withdrawal_reason, '') as withdrawal_reason, kept_texts
from keyed cross join delivery where len(reasons) = 0
"""
