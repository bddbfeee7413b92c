"""Typing of cells: SQL expressions for instants, birth dates, postcodes, sex, flags and lists.

Every value that cannot be read becomes null, never a guess (partners README, section 2). Phones have a module of
their own; which row is quarantined is decided in `opt_ins` and `withdrawals`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import duckdb

from consent.dossiers.date_patterns import DatePattern, read_pattern
from consent.dossiers.feeds import ANY, Feed
from stores.engine import quoted
from stores.identity_shapes import create_identity_macros
from stores.sql_files import sql_of

#: Written by software for "not known" (partners README, section 2).
NO_BIRTH_DATES = ("1900-01-01", "1970-01-01")

#: Of no country that can be read; ISO 3166-1 leaves it to its users.
NO_COUNTRY = "ZZ"

#: Puts the parts of a list together where the dossier names no separator: no partner writes it.
LIST_SEPARATOR = "\x1f"


def create_value_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary macros that the expressions of this module use (after those of `fields`)."""
    create_identity_macros(connection)
    connection.execute(sql_of(__file__, "macros"))


def formats_of(feed: Feed, field: str) -> tuple[str, ...]:
    """Return the date formats of a field, in the order in which they are tried.

    A date cell of a table comes as ISO text (`unpacking`) and is taken as it is (partners README, section 1).
    """
    formats = feed.date_formats.get(field, ())
    return ("iso8601", *formats) if feed.is_table else formats


def instant_sql(cell: str, formats: Iterable[str], zone: str) -> str:
    """Return SQL for a struct `at` (TIMESTAMP, UTC), `quality` and `local`, or null, of an instant cell.

    Args:
        cell: SQL of the text.
        formats: the dossier's (`date_patterns.NAMED_PATTERNS`, or composed ones).
        zone: of times and days without offset; a day is its first instant there.

    Quality: `exact_utc` (the cell has an offset), `zone_assumed` (a time without one, `local` is the time as written,
    else null), `date_only`.
    """
    exact = f"when instant_with_offset({cell}) is not null then {_read(f'instant_with_offset({cell})', 'exact_utc')}"
    readings = {
        "iso8601": f"{exact} {_time_reading(f'local_time({cell})', zone)} {_day_reading(f'iso_day({cell})', zone)}",
        "YYYY-MM-DD HH:MM:SS": _time_reading(f"spaced_time({cell})", zone),
        "YYYY-MM-DD": _day_reading(f"iso_day({cell})", zone),
        "DD/MM/YYYY HH:MM": _time_reading(f"slashed_time({cell})", zone),
        "DD/MM/YYYY": _day_reading(f"slashed_day({cell})", zone),
        "DD/MM/YY": _day_reading(f"short_day({cell}, '20')", zone),
        "excel_serial": (f"{_day_reading(f'serial_day({cell})', zone)} {_time_reading(f'serial_time({cell})', zone)}"),
        "epoch_seconds": _epoch_reading(f"epoch_time({cell}, 1)"),
        "epoch_milliseconds": _epoch_reading(f"epoch_time({cell}, 1000)"),
    }
    chosen = " ".join(readings.get(form) or _composed_reading(cell, form, zone) for form in formats)
    return f"case {chosen} end" if chosen else 'null::struct("at" timestamp, quality varchar, "local" timestamp)'


def _composed_reading(cell: str, form: str, zone: str) -> str:
    pattern = _pattern_of(form)
    read = composed_sql(cell, pattern, "20")
    return _time_reading(read, zone) if pattern.has_time else _day_reading(f"({read})::date", zone)


def composed_sql(cell: str, pattern: DatePattern, century: str) -> str:
    """Return SQL for the zone-less timestamp of a cell in a composed pattern, null where the cell is not so written.

    Args:
        cell: SQL of the text.
        pattern: of the dossier.
        century: the two digits put before a year of two digits.
    """
    shape = quoted(pattern.shape)
    written = f"regexp_replace({cell}, '^{shape}$', '\\1{century}\\2\\3')" if pattern.has_short_year else cell
    return f"if(regexp_full_match({cell}, '{shape}'), try_strptime({written}, '{quoted(pattern.format)}'), null)"


def _pattern_of(form: str) -> DatePattern:
    pattern = read_pattern(form)
    assert pattern is not None, "the dossier's reader lets no other pattern through"
    return pattern


def _epoch_reading(instant: str) -> str:
    return f"when {instant} is not null then {_read(instant, 'exact_utc')}"


def _time_reading(local: str, zone: str) -> str:
    at = f"utc_of_local({local}, '{zone}')"
    return f"when {local} is not null then {_read(at, 'zone_assumed', local)}"


def _day_reading(day: str, zone: str) -> str:
    at = f"utc_of_local({day}::timestamp, '{zone}')"
    return f"when {day} is not null then {_read(at, 'date_only')}"


def _read(at: str, quality: str, local: str = "null::timestamp") -> str:
    return f"{{'at': {at}, 'quality': '{quality}', 'local': {local}}}"


def birth_date_sql(cell: str, formats: Iterable[str], read_on: str) -> str:
    """Return SQL for a birth date; null where blank, unreadable or a date that software writes for "not known".

    Args:
        cell: SQL of the text.
        formats: the dossier's.
        read_on: SQL of today's date: a two-digit year is 20yy if that makes the person 18, else 19yy.
    """
    readings = {
        "iso8601": f"iso_day({cell}[:10])",
        "YYYY-MM-DD HH:MM:SS": f"spaced_time({cell})::date",
        "YYYY-MM-DD": f"iso_day({cell})",
        "DD/MM/YYYY HH:MM": f"slashed_time({cell})::date",
        "DD/MM/YYYY": f"slashed_day({cell})",
        "DD/MM/YY": f"adult_day({cell}, {read_on})",
        "excel_serial": f"coalesce(serial_day({cell}), serial_time({cell})::date)",
        "epoch_seconds": f"epoch_time({cell}, 1)::date",
        "epoch_milliseconds": f"epoch_time({cell}, 1000)::date",
    }
    chosen = ", ".join(readings.get(form) or _composed_birth(cell, form, read_on) for form in formats)
    excluded = ", ".join(f"date '{day}'" for day in NO_BIRTH_DATES)
    read = f"coalesce({chosen})" if chosen else "null::date"
    return f"if({read} in ({excluded}), null, {read})"


def _composed_birth(cell: str, form: str, read_on: str) -> str:
    pattern = _pattern_of(form)
    recent = f"({composed_sql(cell, pattern, '20')})::date"
    if not pattern.has_short_year:
        return recent
    older = f"({composed_sql(cell, pattern, '19')})::date"
    return f"if({recent} <= ({read_on} - interval 18 year)::date, {recent}, {older})"


def sex_sql(cell: str, words: Mapping[str, tuple[str, ...]]) -> str:
    """Return SQL for F or M by the dossier's words, case and final dot ignored; null for any other word."""
    branches = " ".join(
        f"when lower(rtrim({cell}, '.')) in ({_listed(word.rstrip('.').lower() for word in listed)}) then '{letter}'"
        for letter, listed in words.items()
        if listed
    )
    return f"case {branches} end" if branches else "null::varchar"


def one_of_sql(cell: str, words: Collection[str], others: Collection[str] = ()) -> str:
    """Return SQL that is true where the text is one of the words as written.

    The word `*` is any text that is not blank and not one of `others`, the words that mean something else.

    Args:
        cell: SQL of the text.
        words: of the dossier.
        others: words that mean something else; for `*` only.
    """
    listed = _listed(word for word in words if word != ANY)
    found = [f"{cell} in ({listed})"] if listed else []
    if ANY in words:
        found.append(f"{cell} not in ({_listed(['', *others])})")
    return f"({' or '.join(found)})" if found else "false"


def flag_sql(cell: str, given: Collection[str], refused: Collection[str], separator: str | None) -> str:
    """Return SQL for `given` or `refused` of a consent cell; null where it says neither, or both.

    With a separator the cell is a list of answers (a question of several choices): those that are no word of the
    dossier do not count.

    Args:
        cell: SQL of the text.
        given: words of a consent given.
        refused: words of a consent refused.
        separator: of a list of answers; None = the cell is one answer.
    """
    if separator is None:
        yes, no = one_of_sql(cell, given, refused), one_of_sql(cell, refused, given)
    else:
        parts = f"coalesce({list_sql(cell, separator)}, [''])"
        yes, no = (
            f"len(list_filter({parts}, lambda part: {one_of_sql('part', words, others)})) > 0"
            for words, others in ((given, refused), (refused, given))
        )
    return f"case when {yes} and not {no} then 'given' when {no} and not {yes} then 'refused' end"


def list_sql(cell: str, separator: str | None, words: Mapping[str, Collection[str]] | None = None) -> str:
    """Return SQL for the parts of a list cell, trimmed; null where it is blank (= not stated).

    A cell that is a JSON array is that list. Blanks around the separator may have been lost at the ends of the cell.

    Args:
        cell: SQL of the text.
        separator: between the parts; None = the dossier names none.
        words: our word -> the partner's words for it; other parts stay as written.
    """
    apart = separator or LIST_SEPARATOR
    lead, trail = (
        (apart[: len(apart) - len(apart.lstrip())], apart[len(apart.rstrip()) :]) if apart.strip() else ("", "")
    )
    split = f"string_split('{quoted(lead)}' || {cell} || '{quoted(trail)}', '{quoted(apart)}')"
    parts = f"if({cell}[1] = '[', coalesce(try_cast({cell} as json)::varchar[], {split}), {split})"
    trimmed = f"list_filter(list_transform({parts}, lambda part: trim(part)), lambda part: part <> '')"
    ours = " ".join(
        f"when {one_of_sql('part', theirs)} then '{quoted(word)}'" for word, theirs in (words or {}).items()
    )
    named = f"list_transform({trimmed}, lambda part: case {ours} else part end)" if ours else trimmed
    if ours or not apart.strip():
        return f"if({cell} = '', null, {named})"
    # most lists have one part: no list is taken apart for it
    is_one = f"not contains({cell}, '{quoted(apart.strip())}') and not starts_with({cell}, '[') and trim({cell}) <> ''"
    return f"case when {cell} = '' then null when {is_one} then [trim({cell})] else {named} end"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{quoted(word)}'" for word in words)
