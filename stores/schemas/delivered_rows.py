"""Tables made from partners' deliveries, in the lake.

Writers are checked against these records, dbt sources are made of them. Instants are DuckDB TIMESTAMP in UTC,
dates are civil dates of Europe/Paris.
"""

from __future__ import annotations

from stores.schemas.column_classes import INSTANTS, PLACE, ROW_ID, Privacy, Table, columns

OPT_INS = Table(
    "opt_ins",
    "partner row as delivered and accepted",
    ("delivery_id", "line_number"),
    ROW_ID
    + PLACE
    + INSTANTS
    + columns(
        Privacy.PSEUDONYMOUS,
        ("contact_id", "UUID", "keyed hash of the number"),
        ("source_key", "VARCHAR", "keyed hash of partner and the partner's record id; null without an id"),
        ("address_key", "VARCHAR", "keyed hash of street, postcode, city, country; null without a street"),
        ("ip_key", "VARCHAR", "keyed hash of the IP as delivered; null without one"),
        ("flag", "VARCHAR", "given or refused"),
        ("consented_at", "TIMESTAMP", "instant of the act; null where the file gives none that can be read"),
        ("consented_at_quality", "VARCHAR", "exact_utc, zone_assumed, date_only; null without instant"),
        ("source_consent_id", "VARCHAR", "keyed hash of the partner's consent id; null without one"),
        (
            "notice_id",
            "VARCHAR",
            "notice that the row states: hash of its text, else its id; of the empty text if blank; null if not mapped",
        ),
        ("form_version", "VARCHAR", "form version that the row itself states; null if none"),
        ("channels", "VARCHAR[]", "channels stated by the row; null = not stated"),
        ("purposes", "VARCHAR[]", "purposes stated by the row; null = not stated"),
        ("recipients", "VARCHAR[]", "recipients stated by the row, by name; null = not stated"),
        ("sex", "VARCHAR", "F or M by the dossier's mapping; null if not said"),
        ("birth_date", "DATE", "null if not said or a placeholder"),
        ("postcode", "VARCHAR", "normalised; null if blank"),
        ("country", "VARCHAR", "ISO code as delivered, upper case; null if blank"),
        ("number_kind", "VARCHAR", "mobile, landline, voip, m2m, unassigned, special, foreign"),
        ("number_zone", "VARCHAR", "zone of the number's country code (metropole, reunion, ...); null abroad"),
        ("is_fiction", "BOOLEAN", "number of ARCEP's fiction range 06 39 98"),
        ("repairs", "VARCHAR[]", "codes of repairs made on values, sorted; empty if none"),
        ("unread", "VARCHAR[]", "fields whose cell says something that could not be read; empty if none"),
        ("has_page_url", "BOOLEAN", "the row names the page on which the act took place; null = not known then"),
    ),
)

WITHDRAWALS = Table(
    "withdrawals",
    "partner row that takes a consent back, accepted",
    ("delivery_id", "line_number"),
    ROW_ID
    + PLACE
    + INSTANTS
    + columns(
        Privacy.PSEUDONYMOUS,
        ("contact_id", "UUID", "keyed hash of the number, where the row gives one"),
        ("source_key", "VARCHAR", "keyed hash of partner and record id, where the row gives one"),
        ("withdrawn_at", "TIMESTAMP", "instant from which it counts; without a date, the export instant"),
        ("withdrawn_at_quality", "VARCHAR", "exact_utc, zone_assumed, date_only, export_instant"),
        ("repairs", "VARCHAR[]", "codes of repairs made on values, sorted; empty if none"),
        ("unread", "VARCHAR[]", "fields whose cell says something that could not be read; empty if none"),
    ),
)

WITHDRAWAL_SIGNALS = Table(
    "withdrawal_signals",
    "record x contact that takes a consent back beside the accepted withdrawals: of an opt-in file, or of a file of withdrawals",
    ("delivery_id", "line_number", "contact_id"),
    ROW_ID
    + PLACE
    + INSTANTS
    + columns(
        Privacy.PSEUDONYMOUS,
        ("contact_id", "UUID", "keyed hash of the number, where it can be read"),
        ("source_key", "VARCHAR", "keyed hash of partner and record id, where the row gives one"),
        (
            "signal",
            "VARCHAR",
            "anonymised, end_date, flag_flip (a refusal in a row that was quarantined); of a file of withdrawals damaged_withdrawal,"
            " heard_number (beside the row's own), held_withdrawal (the file waits for a person, this counts)",
        ),
        ("withdrawn_at", "TIMESTAMP", "instant from which it counts; without a date that can be, the export instant"),
        ("withdrawn_at_quality", "VARCHAR", "exact_utc, zone_assumed, date_only, export_instant"),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "record that cannot be trusted, with all its reasons and none of its values",
    ("delivery_id", "line_number"),
    ROW_ID
    + PLACE
    + INSTANTS
    + columns(
        Privacy.PSEUDONYMOUS,
        ("source_key", "VARCHAR", "keyed hash of partner and record id, if the record is readable"),
        ("reasons", "VARCHAR[]", "row codes, sorted"),
        ("is_structural", "BOOLEAN", "true if the record's own structure is damaged, so that its id cannot be trusted"),
    ),
)

DELIVERY_FIGURES = Table(
    "delivery_figures",
    "figure of a delivery x subject",
    ("delivery_id", "figure", "subject"),
    columns(
        Privacy.OPEN,
        ("delivery_id", "VARCHAR", "file received from a partner"),
        ("figure", "VARCHAR", "what is counted: rows, reason, repair, unread, blank, word, unknown_word, age, repeat"),
    )
    + columns(
        Privacy.PSEUDONYMOUS,
        ("subject", "VARCHAR", "code, field, age of consent, or field and keyed hash of a word; blank = the file"),
    )
    + columns(
        Privacy.OPEN,
        ("rows", "BIGINT", "records counted"),
        ("lines", "BIGINT[]", "the first lines of them, where they say where a fault is"),
    ),
)

AGE_BRACKETS = Table(
    "age_brackets",
    "partner row that states an age bracket and no birth date",
    ("delivery_id", "line_number"),
    ROW_ID
    + columns(Privacy.OPEN, ("received_at", "TIMESTAMP", "arrival of the file: from then on the row is known"))
    + columns(
        Privacy.PSEUDONYMOUS,
        ("contact_id", "UUID", "keyed hash of the number"),
        ("age_min", "INTEGER", "youngest age of the bracket in years, inclusive; null = open"),
        ("age_max", "INTEGER", "oldest age of the bracket in years, inclusive; null = open"),
    ),
)

#: No Parquet file: the builder writes it into each build, from the ledger (`stores.warehouse.inputs`).
DELIVERIES = Table(
    "deliveries",
    "accepted delivery",
    ("delivery_id",),
    columns(
        Privacy.OPEN,
        ("delivery_id", "VARCHAR", "file received"),
        ("partner_id", "VARCHAR", "who delivered"),
        ("feed_id", "VARCHAR", "feed of the dossier"),
        ("kind", "VARCHAR", "optins or withdrawals"),
        ("mode", "VARCHAR", "full or delta"),
        ("file_name", "VARCHAR", "name inside the partner's folder"),
        ("sha256", "VARCHAR", "of the delivered bytes"),
        ("reading", "INTEGER", "current reading"),
        ("exported_at", "TIMESTAMP", "export instant"),
        ("received_at", "TIMESTAMP", "arrival; from then on its rows are known"),
    ),
)
