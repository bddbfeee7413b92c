"""Codes of what was mended in a row: what was delivered compared with what it was read as.

A repair is told here, never made: values are read in `values`, `phone` and `text_repair`. A cell that could not be
read is no repair: its value is null, and the row names the field in `unread`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from consent.dossiers.date_patterns import read_pattern
from consent.dossiers.feeds import Feed
from partners_ingest.rows.values import formats_of
from stores.engine import quoted
from stores.sql_files import sql_of
from terms.reasons import RowRepair

#: What a cell looks like that a named pattern reads; the shapes of composed patterns are their own.
_SHAPES = {
    "iso8601": "[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?",
    "YYYY-MM-DD HH:MM:SS": "[0-9]{4}-[0-9]{2}-[0-9]{2} .*",
    "YYYY-MM-DD": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "DD/MM/YYYY HH:MM": "[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} .*",
    "DD/MM/YYYY": "[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}",
    "DD/MM/YY": "[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}",
    "excel_serial": "[0-9]{2,5}(?:[.,][0-9]+)?",
    "epoch_seconds": "[0-9]{10}",
    "epoch_milliseconds": "[0-9]{13}",
}


def create_repair_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary macros that the expressions of this module use."""
    connection.execute(sql_of(__file__, "macros"))


def phone_repairs_sql(cell: str, e164: str) -> str:
    """Return SQL for the codes of what was mended in a phone cell; an empty list where nothing was, or no number.

    Args:
        cell: SQL of the text that gave the number, as delivered.
        e164: SQL of the number.
    """
    mended = codes_sql(
        (RowRepair.SPREADSHEET_GUARD_REMOVED, f"""regexp_matches(trim({cell}), '^(?:''|=")')"""),
        (RowRepair.PHONE_LABEL_REMOVED, rf"regexp_matches({cell}, '^\W*(?:p\s*:|t[ée]l|mobile|portable)', 'i')"),
        (RowRepair.PHONE_SCIENTIFIC_RESTORED, f"is_scientific({cell})"),
        (RowRepair.PHONE_DECIMAL_REMOVED, f"has_decimal({cell})"),
        (RowRepair.PHONE_LETTER_REPLACED, f"has_letter_o({cell})"),
        (RowRepair.PHONE_ONE_OF_SEVERAL, f"length(phone_figures({cell})) >= 18"),
        (RowRepair.PHONE_WORDS_REMOVED, f"has_words_after({cell})"),
        (RowRepair.PHONE_ZERO_RESTORED, f"regexp_full_match(phone_figures({cell}), '[1-9][0-9]{{8}}')"),
        (RowRepair.PHONE_PREFIX_REPAIRED, f"has_odd_prefix({cell})"),
        (RowRepair.PHONE_TERRITORY_CORRECTED, f"is_moved_territory({cell}, {e164})"),
    )
    return f"if({e164} is null or is_usual_phone({cell}, {e164}), []::varchar[], {mended})"


def postcode_repairs_sql(cell: str, postcode: str) -> str:
    """Return SQL for the codes of a postcode, from its cell and what it was read as (blank = nothing mended)."""
    mended = codes_sql(
        (RowRepair.SPREADSHEET_GUARD_REMOVED, f"{cell}[1] = ''''"),
        (RowRepair.POSTCODE_ZERO_RESTORED, f"{postcode} = '0' || bare_postcode({cell})"),
        (RowRepair.POSTCODE_REFORMATTED, f"bare_postcode({cell}) <> upper(unguarded({cell}))"),
    )
    return f"if({cell} = '' or {postcode} is null or {postcode} = {cell}, []::varchar[], {mended})"


def date_repairs_sql(cell: str, read: str, feed: Feed, field: str) -> str:
    """Return SQL for the codes of a date cell: another pattern than the feed's first, a serial number, a short year.

    Args:
        cell: SQL of the text.
        read: SQL that is null where no pattern could read it.
        feed: its patterns of `field`; a feed with one full pattern mends nothing.
        field: canonical name.
    """
    formats = formats_of(feed, field)
    usual = {*formats[:1], *feed.date_formats.get(field, ())[:1]}
    others = [form for form in formats if form not in usual and form != "excel_serial"]
    is_serial = _is_written(cell, ["excel_serial"]) if "excel_serial" in {*formats} - usual else ""
    no_other = f" and not {is_serial}" if is_serial else ""
    conditions = [
        (RowRepair.DATE_FROM_SERIAL_NUMBER, is_serial),
        (RowRepair.DATE_REFORMATTED, f"not {_is_written(cell, sorted(usual))}{no_other}" if others else ""),
        (RowRepair.YEAR_COMPLETED, _is_written(cell, [form for form in formats if _has_short_year(form)])),
    ]
    told = [(code, condition) for code, condition in conditions if condition]
    return f"if({read} is null, []::varchar[], {codes_sql(*told)})" if told else "[]::varchar[]"


def clock_repairs_sql(instant: str, zone: str) -> str:
    """Return SQL for the codes of a local time that was twice or never on its zone's clock.

    Args:
        instant: SQL of the struct of `values.instant_sql`; its `local` is null where the cell had an offset or no time.
        zone: in which it was read. Clocks are put forward or back before four in the morning.
    """
    at, local = f"{instant}.at", f"{instant}.local"
    told = codes_sql(
        (RowRepair.LOCAL_TIME_AMBIGUOUS, f"local_of_utc({at} + interval 1 hour, '{zone}') = {local}"),
        (RowRepair.LOCAL_TIME_SKIPPED, f"local_of_utc({at}, '{zone}') <> {local}"),
    )
    return f"if(hour({local}) < 4, {told}, []::varchar[])"


def _is_written(cell: str, formats: list[str]) -> str:
    """Return SQL that is true where the cell looks like one of the patterns; blank for no pattern."""
    shapes = "|".join(shape for form in formats for shape in _shapes(form))
    return f"regexp_full_match({cell}, '{quoted(shapes)}')" if shapes else ""


def _shapes(form: str) -> list[str]:
    pattern = read_pattern(form)
    return [_SHAPES[form]] if form in _SHAPES else [pattern.shape] if pattern else []


def _has_short_year(form: str) -> bool:
    pattern = read_pattern(form)
    return form == "DD/MM/YY" or (form not in _SHAPES and pattern is not None and pattern.has_short_year)


def guard_repair_sql(cells: Iterable[str]) -> str:
    """Return SQL for the code of a spreadsheet's guard before any of these cells."""
    guarded = " or ".join(f"starts_with({cell}, '''')" for cell in cells)
    return codes_sql((RowRepair.SPREADSHEET_GUARD_REMOVED, guarded))


def text_repairs_sql() -> str:
    """Return SQL for the codes of the texts of a row of `fields`."""
    return codes_sql(
        (RowRepair.MOJIBAKE_REPAIRED, "is_repaired"), (RowRepair.INVISIBLE_CHARACTERS_REMOVED, "is_stripped")
    )


def unread_sql(read: Mapping[str, str]) -> str:
    """Return SQL for the names of the fields whose cell says something that could not be read, in their order.

    Args:
        read: name of the cell's column -> SQL of what it was read as.
    """
    return _listed((field, f"{field} <> '' and {value} is null") for field, value in read.items())


def codes_sql(*repairs: tuple[RowRepair, str]) -> str:
    """Return SQL for the list of the codes whose condition is true."""
    return _listed((code.value, condition) for code, condition in repairs)


def _listed(words: Iterable[tuple[str, str]]) -> str:
    """Return SQL for the list of the words whose condition is true; a list is made where one of them is."""
    told = list(words)
    listed = ", ".join(f"if({condition}, '{word}', null)" for word, condition in told)
    some = " or ".join(f"({condition})" for _, condition in told)
    return f"if({some}, list_filter([{listed}]::varchar[], lambda word: word is not null), []::varchar[])"


def merged_sql(*lists: str) -> str:
    """Return SQL for one sorted list of distinct codes out of several lists (SQL of each), most of which are empty.

    A list that is no column is computed again where there is something to merge.
    """
    told = [codes for codes in lists if codes != "[]::varchar[]"]
    some = " or ".join(f"len({codes}) > 0" for codes in told)
    number = " + ".join(f"len({codes})" for codes in told)
    together = f"flatten([{', '.join(told)}]::varchar[][])"
    # one code is the usual number, and needs no sorting
    merged = f"if({number} = 1, {together}, list_sort(list_distinct({together})))"
    return f"if({some}, {merged}, []::varchar[])"
