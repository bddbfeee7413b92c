"""Canonical fields: the cells of a record under the names that the project uses, as cleaned text.

Driven by the dossier's `mapping` and `constants`. Types (dates, flags, numbers) belong to `values`, `phone` and
the modules that make rows of them.
"""

from __future__ import annotations

import re
from typing import Final

import duckdb

from consent.dossiers import Feed
from partners_ingest.labels import plain_label
from partners_ingest.records import Records
from partners_ingest.text_repair import repair_columns
from stores.engine import quoted

#: Single text fields, in the order of the table `fields`; `phones` and `street` come on top.
_TEXTS: Final = (
    "source_record_id",
    "given_name",
    "family_name",
    "sex",
    "birth_date",
    "email",
    "postcode",
    "city",
    "country",
    "consent_flag",
    "consented_at",
    "consent_id",
    "notice_id",
    "form_version",
    "page_url",
    "ip",
    "user_agent",
    "channels",
    "purposes",
    "recipients",
    "entry_state",
    "withdrawn_at",
    "reason",
)
#: SQL of a cell that the file does not have.
_ABSENT: Final = "''"
_MAY_BE_MOJIBAKE: Final = ("given_name", "family_name", "street", "city")

_MACROS = (
    # printable ASCII without outer spaces is clean already: nearly every cell
    r"""create or replace temp macro clean_text(cell) as if(
        regexp_full_match(cell, '[!-~](?:[ -~]*[!-~])?'), cell,
        regexp_replace(regexp_replace(cell, '[\x00\p{Cf}]', '', 'g'),
            '^[\s\x{0085}\x{00A0}\x{2000}-\x{200A}\x{202F}\x{3000}]+|[\s\x{0085}\x{00A0}\x{2000}-\x{200A}\x{202F}\x{3000}]+$',
            '', 'g'))""",
    # a leading apostrophe is a spreadsheet's guard (partners README, section 2)
    "create or replace temp macro unguarded(cell) as if(cell[1] = '''', trim(cell[2:]), cell)",
)


def create_fields(connection: duckdb.DuckDBPyConnection, records: Records, feed: Feed) -> None:
    """Create the table `fields`: one row per record.

    Columns: those of `records` that place it (`line_number`, `byte_offset`, `byte_length`, `record_key`, `problem`),
    every canonical text field ('' where the feed has none or the cell is blank), `notice_text` as delivered,
    `street` (its columns joined by a space), `phones` (VARCHAR[] as delivered) and `is_repaired`.
    All are null where the record is damaged.
    """
    for macro in _MACROS:
        connection.execute(macro)
    texts = ",\n".join(f"{_cleaned(name, records, feed)} as {name}" for name in _TEXTS)
    streets = ", ".join(f"clean_text({cell})" for cell in _cells("street", records, feed))
    phones = ", ".join(_cells("phone", records, feed))
    notice = _notice(records, feed)
    connection.execute(
        f"""
        create table fields as
        select line_number, byte_offset, byte_length, record_key, problem, false as is_repaired,
            {texts},
            {notice} as notice_text,
            regexp_replace(trim(array_to_string([{streets}]::varchar[], ' ')), '\\s+', ' ', 'g') as street,
            [{phones}]::varchar[] as phones
        from records
        """
    )
    repair_columns(connection, "fields", _MAY_BE_MOJIBAKE)


def is_mapped(feed: Feed, field: str) -> bool:
    """Return whether the feed gives this field at all, by a column, a constant or the header itself."""
    return (
        field in feed.mapping
        or field in feed.constants
        or (field == "notice_text" and feed.notice_from_header is not None)
    )


def _notice(records: Records, feed: Feed) -> str:
    """Return SQL for the text shown: a column's, or its label where the question itself is the header."""
    if feed.notice_from_header is None:
        return _first(_cells("notice_text", records, feed))
    columns = (plain_label(column) for column in feed.mapping[feed.notice_from_header])
    place = next((records.positions[column] for column in columns if column in records.positions), None)
    return "''" if place is None else f"'{quoted(records.header.written[place - 1])}'"


def _cleaned(field: str, records: Records, feed: Feed) -> str:
    if field in feed.constants:
        return f"'{quoted(feed.constants[field])}'"
    cleaned = f"clean_text({_first(_cells(field, records, feed))})"
    prefix = feed.value_prefixes.get(field)
    return f"regexp_replace({cleaned}, '^{quoted(re.escape(prefix))}', '')" if prefix else cleaned


def _first(cells: list[str]) -> str:
    """Return the first cell of those that the file has: exports in two languages, two versions of a form."""
    return next((cell for cell in cells if cell != _ABSENT), _ABSENT)


def _cells(field: str, records: Records, feed: Feed) -> list[str]:
    """Return SQL for the cells mapped to a field; a column that this file's header lacks is the empty string."""
    places = (records.positions.get(_key(column, feed)) for column in feed.mapping.get(field, ()))
    return [f"cells[{place}]" if place else _ABSENT for place in places]


def _key(column: str, feed: Feed) -> str:
    return column if feed.format == "jsonl" else plain_label(column)
