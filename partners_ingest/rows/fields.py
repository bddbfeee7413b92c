"""Canonical fields: the cells of a record under the names that the project uses, as cleaned text.

Driven by the dossier's `mapping` and `constants`. Types (dates, flags, numbers) belong to `values`, `phone` and
the modules that make rows of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import duckdb

from consent.dossiers.feeds import LIST_FIELDS, Feed
from partners_ingest.readers.labels import plain_label
from partners_ingest.readers.records import Records
from partners_ingest.readers.text_repair import repair_columns, repair_mojibake
from partners_ingest.rows.values import LIST_SEPARATOR, one_of_sql
from stores.engine import quoted, text_sql
from stores.sql_files import sql_of

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
    "erasure",
)
#: SQL of a cell that the file does not have.
_ABSENT: Final = "''"
_MAY_BE_MOJIBAKE: Final = ("given_name", "family_name", "street", "city")

#: Stands between the cells of a record where they are looked at together.
_BETWEEN_CELLS: Final = "chr(31)"


def create_text_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary macros that clean texts."""
    connection.execute(sql_of(__file__, "macros"))


def create_fields(connection: duckdb.DuckDBPyConnection, records: Records, feed: Feed) -> None:
    """Create the table `fields`: one row per record. (As a view, each filter above it would compute its columns again.)

    `add_fields` adds further records; what was misread stays as it came until `repair_fields`.

    Columns: those of `records` but the cells (`line_number`, `line_count`, `byte_offset`, `byte_length`, `record_key`, `problem`,
    `content_key`),
    every canonical text field ('' where the feed has none or the cell is blank), `notice_text` as delivered,
    `record_text` (of withdrawals only), `consent_differs` (two columns of the flag disagree), `street` (its columns joined by a space), `phones` (VARCHAR[] as delivered), `is_repaired` (mojibake) and
    `is_stripped` (NUL or format characters were dropped). All are null where the record is damaged; of a damaged withdrawal
    they say what remains, since who takes a consent back is heard wherever the row still names somebody.

    Args:
        connection: the workbench, with `records`.
        records: where each label is in their cells.
        feed: of the file.
    """
    create_text_macros(connection)
    connection.execute(f"create or replace table fields as {_fields_sql(records, feed)}")


def add_fields(connection: duckdb.DuckDBPyConnection, records: Records, feed: Feed) -> None:
    """Add the records to the table `fields` of earlier ones.

    Args:
        connection: the workbench, with `records`.
        records: where each label is in their cells.
        feed: of the file.
    """
    connection.execute(f"insert into fields {_fields_sql(records, feed)}")


def repair_fields(connection: duckdb.DuckDBPyConnection) -> None:
    """Turn texts in `fields` back that were provably misread."""
    repair_columns(connection, "fields", _MAY_BE_MOJIBAKE)


def _fields_sql(records: Records, feed: Feed) -> str:
    sound = (
        "records" if feed.kind == "optins" else "(select * replace (coalesce(cells, remains) as cells) from records)"
    )
    texts = ",\n".join(f"{_cleaned(name, records, feed)} as {name}" for name in _TEXTS)
    street = _street([f"clean_text({cell}, is_clean)" for cell in _cells("street", records, feed)])
    phones = ", ".join(_bare(cell, "phone", feed) for cell in _cells("phone", records, feed))
    notice = _notice(records, feed)
    return f"""
        select line_number, line_count, byte_offset, byte_length, record_key, problem, content_key, false as is_repaired,
            if(is_clean, false, has_invisible(read_text)) as is_stripped,
            {texts},
            {notice} as notice_text,
            {"''" if feed.kind == "optins" else "record_text"} as record_text,
            {_consent_differs(records, feed)} as consent_differs,
            {street} as street,
            [{phones}]::varchar[] as phones
        from (select *, is_clean(read_text) as is_clean
            from (select *, {_read_text(records, feed)} as read_text from {sound}))
        """


def _read_text(records: Records, feed: Feed) -> str:
    """Return SQL for all mapped cells of a record put together: what `clean_text` drops is looked for once."""
    read = sorted({cell for field in feed.mapping for cell in _cells(field, records, feed) if cell != _ABSENT})
    return f"concat_ws({_BETWEEN_CELLS}, '', {', '.join([*read, _ABSENT])})"


def is_mapped(feed: Feed, field: str) -> bool:
    """Return whether the feed gives this field at all, by a column, a constant or the header itself."""
    return (
        field in feed.mapping
        or field in feed.constants
        or field in feed.choices
        or (field == "notice_text" and feed.notice_from_header is not None)
    )


def _notice(records: Records, feed: Feed) -> str:
    """Return SQL for the text shown: a column's, or its label where the question itself is the header."""
    if feed.notice_from_header is None:
        return _first([cell for cell in _cells("notice_text", records, feed) if cell != _ABSENT])
    columns = (plain_label(column) for column in feed.mapping[feed.notice_from_header])
    place = next((records.positions[column] for column in columns if column in records.positions), None)
    return "''" if place is None else text_sql(repair_mojibake(records.header.written[place - 1]))


def _cleaned(field: str, records: Records, feed: Feed) -> str:
    if field in feed.constants:
        return f"'{quoted(feed.constants[field])}'"
    if field in feed.choices:
        return _chosen(feed.choices[field], records, feed)
    cells = [
        _bare(f"clean_text({cell}, is_clean)", field, feed) for cell in _cells(field, records, feed) if cell != _ABSENT
    ]
    return _joined(cells, feed.list_separators.get(field)) if field in LIST_FIELDS else _first(cells)


def _consent_differs(records: Records, feed: Feed) -> str:
    """Return SQL that is true where one column says yes to the question of consent and another says no."""
    cells = [
        _bare(f"clean_text({cell}, is_clean)", "consent_flag", feed)
        for cell in _cells("consent_flag", records, feed)
        if cell != _ABSENT
    ]
    if len(cells) < 2:
        return "false"
    given, refused = feed.values.flag_given, feed.values.flag_refused
    yes, no = (
        " or ".join(f"({cell} <> '' and {one_of_sql(cell, words, others)})" for cell in cells)
        for words, others in ((given, refused), (refused, given))
    )
    return f"coalesce(({yes}) and ({no}), false)"


def _street(cells: list[str]) -> str:
    """Return the cells put together; runs of blanks become one, and most streets have none."""
    joined = cells[0] if len(cells) == 1 else f"trim(array_to_string([{', '.join(cells)}]::varchar[], ' '))"
    return f"if(is_clean and not contains({joined}, '  '), {joined}, regexp_replace({joined}, '\\s+', ' ', 'g'))"


def _first(cells: list[str]) -> str:
    """Return the first cell that is not blank: exports in two languages, one column per answer."""
    if len(cells) < 2:
        return cells[0] if cells else _ABSENT
    filled = ", ".join(f"nullif({cell}, '')" for cell in cells)
    return f"coalesce({filled}, '')"


def _joined(cells: list[str], separator: str | None) -> str:
    """Return all cells that are not blank as one list cell: a form may have one column per choice."""
    if len(cells) < 2:
        return _first(cells)
    listed = f"list_filter([{', '.join(cells)}], lambda cell: cell <> '')"
    return f"array_to_string({listed}, '{quoted(separator or LIST_SEPARATOR)}')"


def _chosen(columns: Mapping[str, str], records: Records, feed: Feed) -> str:
    """Return the words of the columns that were ticked as a JSON array: none ticked is an empty list, not a blank."""
    ticked = [
        f"if({one_of_sql(f'clean_text(cells[{records.positions[_key(column, feed)]}], false)', feed.values.ticked)},"
        f" '{quoted(word)}', null)"
        for column, word in columns.items()
        if _key(column, feed) in records.positions
    ]
    return f"to_json(list_filter([{', '.join(ticked)}], lambda word: word is not null))::varchar" if ticked else _ABSENT


def _bare(cell: str, field: str, feed: Feed) -> str:
    """Return SQL for the cell without the prefix that the exporter writes before its values."""
    prefixes = "|".join(re.escape(prefix) for prefix in feed.value_prefixes.get(field, ()))
    return f"regexp_replace({cell}, '^(?:{quoted(prefixes)})', '')" if prefixes else cell


def _cells(field: str, records: Records, feed: Feed) -> list[str]:
    """Return SQL for the cells mapped to a field; a column that this file's header lacks is the empty string."""
    places = (records.positions.get(_key(column, feed)) for column in feed.mapping.get(field, ()))
    return [f"cells[{place}]" if place else _ABSENT for place in places]


def _key(column: str, feed: Feed) -> str:
    return column if feed.format == "jsonl" else plain_label(column)
