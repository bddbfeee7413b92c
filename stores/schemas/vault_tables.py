"""Tables of the vault (identities, addresses, salts), and the line commitments that the salts belong to.

Writers are checked against these records, dbt sources are made of them. Instants are DuckDB TIMESTAMP in UTC,
dates are civil dates of Europe/Paris.
"""

from __future__ import annotations

from stores.schemas.column_classes import ROW_ID, Privacy, Table, columns

IDENTITIES = Table(
    "identities",
    "accepted row of a partner, opt-in or withdrawal",
    ("delivery_id", "line_number"),
    ROW_ID
    + columns(Privacy.PSEUDONYMOUS, ("contact_id", "UUID", "keyed hash of the number; null without one"))
    + columns(
        Privacy.IDENTITY,
        ("e164", "VARCHAR", "the number; null for a withdrawal by id"),
        ("phone_raw", "VARCHAR", "as delivered, of the column that gave the number"),
        ("source_record_id", "VARCHAR", "the partner's own id of the record"),
        ("source_consent_id", "VARCHAR", "the partner's own id of the consent"),
        ("given_name", "VARCHAR", ""),
        ("family_name", "VARCHAR", ""),
        ("sex_raw", "VARCHAR", "civility or sex as delivered: civility is not sex"),
        ("email", "VARCHAR", ""),
        ("street", "VARCHAR", "street columns joined by a space"),
        ("city", "VARCHAR", "as delivered"),
        ("ip", "VARCHAR", "as delivered"),
        ("user_agent", "VARCHAR", ""),
        ("page_url", "VARCHAR", "as delivered, with its query"),
        ("withdrawal_reason", "VARCHAR", "as delivered"),
        (
            "kept_texts",
            "VARCHAR",
            "JSON: field -> text of which the lake has a keyed hash or nothing; null without one",
        ),
    ),
)

ADDRESSES = Table(
    "addresses",
    "distinct address of one delivery",
    ("address_key",),
    columns(Privacy.PSEUDONYMOUS, ("address_key", "VARCHAR", "see opt_ins"))
    + columns(
        Privacy.IDENTITY,
        ("street", "VARCHAR", "street columns joined by a space"),
        ("postcode", "VARCHAR", "normalised"),
        ("city", "VARCHAR", "as delivered"),
        ("country", "VARCHAR", "upper case"),
    ),
)

SALTS = Table(
    "salts",
    "physical line of a delivery",
    ("line_number",),
    columns(
        Privacy.IDENTITY,
        ("line_number", "BIGINT", "physical line, 1-based"),
        ("salt", "BLOB", "16 random bytes; destroying it closes the line's commitment for good"),
    ),
)

LINE_COMMITMENTS = Table(
    "line_commitments",
    "physical line of a delivery",
    ("line_number",),
    columns(
        Privacy.OPEN,
        ("line_number", "BIGINT", "physical line, 1-based"),
        ("byte_offset", "BIGINT", "in the unpacked bytes"),
        ("byte_length", "BIGINT", "with its final newline, if it has one"),
        ("commitment", "BLOB", "sha256(salt || bytes of the line)"),
    ),
)
