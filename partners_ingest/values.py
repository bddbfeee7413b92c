"""Typing of cells: SQL expressions for instants, birth dates, postcodes, sex, flags and lists.

Every value that cannot be read becomes null, never a guess (partners README, section 2). Phones have a module of
their own; which row is quarantined is decided in `opt_ins` and `withdrawals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from stores.engine import quoted

#: Written by software for "not known" (partners README, section 2).
NO_BIRTH_DATES = ("1900-01-01", "1970-01-01")

_MACROS = (
    # of two equal local times the first one; ICU gives the second. A local time that never was counts by the offset
    # before the gap, as ICU does (partners README, section 2).
    """create or replace temp macro utc_of_local(local_at, zone) as timezone('UTC', if(
        timezone(zone, timezone(zone, local_at) - interval 1 hour) = local_at,
        timezone(zone, local_at) - interval 1 hour, timezone(zone, local_at)))""",
    r"""create or replace temp macro whole_seconds(cell) as regexp_replace(
        replace(cell, ',', '.'), '([T ][0-9]{2}:[0-9]{2})(Z|[+-]|$)', '\1:00\2')""",
    # digit counts are checked first: DuckDB reads `26` as the year 26 (feeds.md)
    r"""create or replace temp macro instant_with_offset(cell) as if(regexp_full_match(cell,
        '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)? ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)'),
        timezone('UTC', try_cast(whole_seconds(cell) as timestamptz)), null)""",
    r"""create or replace temp macro local_time(cell) as if(regexp_full_match(cell,
        '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?'),
        try_cast(whole_seconds(cell) as timestamp), null)""",
    r"""create or replace temp macro iso_day(cell) as if(
        regexp_full_match(cell, '[0-9]{4}-[0-9]{2}-[0-9]{2}'), try_cast(cell as date), null)""",
    r"""create or replace temp macro bare_postcode(cell) as regexp_replace(regexp_replace(
        upper(regexp_replace(unguarded(cell), '\s', '', 'g')), '\.0$', ''), '^FR?-?([0-9]{4,5})$', '\1')""",
    r"""create or replace temp macro postcode_of(cell, country) as nullif(case
        when regexp_full_match(bare_postcode(cell), '[0-9]{4}') and country is distinct from 'BE'
            then '0' || bare_postcode(cell)
        else bare_postcode(cell) end, '')""",
)


def create_value_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary macros that the expressions of this module use (after those of `fields`)."""
    for macro in _MACROS:
        connection.execute(macro)


def instant_sql(cell: str, formats: Iterable[str], zone: str) -> str:
    """Return SQL for a struct `at` (TIMESTAMP, UTC) and `quality`, or null, of an instant cell.

    Args:
        cell: SQL of the text.
        formats: the dossier's, of those that `registry` lists.
        zone: of times and days without offset; a day is its first instant there.

    Quality: `exact_utc` (the cell has an offset), `zone_assumed` (a time without one), `date_only`.
    """
    readings = {
        "iso8601": (
            f"when instant_with_offset({cell}) is not null then "
            f"{{'at': instant_with_offset({cell}), 'quality': 'exact_utc'}} "
            f"when local_time({cell}) is not null then "
            f"{{'at': utc_of_local(local_time({cell}), '{zone}'), 'quality': 'zone_assumed'}} "
            f"{_day_reading(cell, zone)}"
        ),
        "YYYY-MM-DD": _day_reading(cell, zone),
    }
    chosen = " ".join(readings[form] for form in formats)
    return f"case {chosen} end" if chosen else 'null::struct("at" timestamp, quality varchar)'


def _day_reading(cell: str, zone: str) -> str:
    local = f"iso_day({cell})::timestamp"
    return f"when iso_day({cell}) is not null then {{'at': utc_of_local({local}, '{zone}'), 'quality': 'date_only'}}"


def birth_date_sql(cell: str, formats: Iterable[str]) -> str:
    """Return SQL for a birth date; null where blank, unreadable or a date that software writes for "not known"."""
    readings = {"YYYY-MM-DD": f"iso_day({cell})", "iso8601": f"iso_day({cell}[:10])"}
    chosen = ", ".join(readings[form] for form in formats)
    excluded = ", ".join(f"date '{day}'" for day in NO_BIRTH_DATES)
    read = f"coalesce({chosen})" if chosen else "null::date"
    return f"if({read} in ({excluded}), null, {read})"


def sex_sql(cell: str, words: Mapping[str, tuple[str, ...]]) -> str:
    """Return SQL for F or M by the dossier's words, case and final dot ignored; null for any other word."""
    branches = " ".join(
        f"when lower(rtrim({cell}, '.')) in ({_listed(word.rstrip('.').lower() for word in listed)}) then '{letter}'"
        for letter, listed in words.items()
        if listed
    )
    return f"case {branches} end" if branches else "null::varchar"


def one_of_sql(cell: str, words: Iterable[str]) -> str:
    """Return SQL that is true where the text is one of the words as written."""
    listed = _listed(words)
    return f"({cell} in ({listed}))" if listed else "false"


def list_sql(cell: str, separator: str | None) -> str:
    """Return SQL for the parts of a list cell, trimmed; null where it is blank (= not stated)."""
    parts = f"string_split({cell}, '{quoted(separator)}')" if separator else f"[{cell}]"
    trimmed = f"list_filter(list_transform({parts}, lambda part: trim(part)), lambda part: part <> '')"
    return f"if({cell} = '', null, {trimmed})"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{quoted(word)}'" for word in words)
