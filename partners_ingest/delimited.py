"""Reader of delimited text with a header: CSV with doubled quotes, or text of an exporter that never quotes.

The quoting rule is the partners README's (section 4): a broken record is damaged alone and reading resumes on the
next line. DuckDB's own CSV reader cannot say that, and loses records (feeds.md 3.3); so lines are paired here with
window functions. What the cells mean belongs to `fields`.
"""

from __future__ import annotations

import csv
import re
from types import MappingProxyType

import duckdb

from consent.dossiers import Feed
from partners_ingest.labels import plain_label
from partners_ingest.records import Header, Records
from partners_ingest.text_lines import create_text_lines, first_text
from stores.engine import quoted

#: A quoted cell longer than this is a quote that was never closed: its line is damaged alone.
_LONGEST_RECORD_BYTES = 4 * 1024 * 1024


class DelimitedReader:
    """Reads feeds with `format: csv`, `header: true` and `quote` of `"` or null."""

    def read_header(self, connection: duckdb.DuckDBPyConnection, feed: Feed) -> Header:
        """Return the labels of the first line, plain; none if it cannot be read."""
        create_text_lines(connection)
        text = first_text(connection)
        return Header(tuple(plain_label(label) for label in split_line(text or "", feed)))

    def read_records(self, connection: duckdb.DuckDBPyConnection, feed: Feed, header: Header) -> Records:
        """Create `records`: quoted text by pairing lines with an odd number of quotes, else one line each."""
        _create_macros(connection, feed)
        if feed.quote is None:
            connection.execute("create table spans (first_line bigint, last_line bigint)")
        else:
            _pair_lines(connection, len(header.labels))
        _join_lines(connection)
        _create_records(connection, header)
        return Records(MappingProxyType({label: place for place, label in enumerate(header.labels, start=1)}))


def split_line(text: str, feed: Feed) -> list[str]:
    """Return the cells of one line by the feed's delimiter and quote; none where its quoting is broken."""
    delimiter = feed.delimiter or ","
    if feed.quote is None:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, quotechar=feed.quote, strict=True), [])
    except csv.Error:
        return []


def _create_macros(connection: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    delimiter = quoted(feed.delimiter)
    pattern = re.escape(feed.delimiter or ",")
    cell = rf'("(?:[^"]|"")*"|[^"{pattern}]*)'
    plain = f"string_split(record_text, '{delimiter}')"
    if feed.quote is None:
        connection.execute(f"create temp macro cells_of(record_text) as {plain}")
        return
    # a leading delimiter makes every match non-empty: RE2 steps over a character after an empty match
    connection.execute(
        rf"""
        create temp macro cells_of(record_text) as case
            when not contains(record_text, '"') then {plain}
            when regexp_full_match('{delimiter}' || record_text, '(?:{pattern}{cell})+') then list_transform(
                regexp_extract_all('{delimiter}' || record_text, '{pattern}{cell}', 1),
                lambda cell: if(cell[1] = '"', replace(substring(cell, 2, length(cell) - 2), '""', '"'), cell))
            else null end
        """
    )


def _pair_lines(connection: duckdb.DuckDBPyConnection, width: int) -> None:
    """Create `spans`: first and last line of each multi-line record.

    A line with an odd number of quotes starts one only if, joined up to the next such line, it has exactly `width`
    cells. The choice is greedy from the top: of adjacent candidates in a row, every second one starts a record.
    """
    connection.execute(
        """
        create table spans as
        with odd as (
            select line_number, byte_offset, byte_length,
                row_number() over (order by line_number) as place,
                lead(line_number) over (order by line_number) as next_line,
                lead(byte_offset + byte_length) over (order by line_number) as next_end
            from text_lines
            where (length(text) - length(replace(text, '"', ''))) % 2 = 1 and line_number > 1
        ),
        joined as (
            select o.place, o.line_number, o.next_line,
                string_agg(t.text, chr(10) order by t.line_number) as record_text
            from odd as o
            inner join text_lines as t on t.line_number between o.line_number and o.next_line
            where o.next_end - o.byte_offset <= $longest
            group by o.place, o.line_number, o.next_line
        ),
        whole as (
            select place, line_number, next_line, place - row_number() over (order by place) as run
            from joined where len(cells_of(record_text)) = $width
        ),
        numbered as (
            select *, row_number() over (partition by run order by place) as place_in_run from whole
        )
        select line_number as first_line, next_line as last_line from numbered where place_in_run % 2 = 1
        """,
        {"width": width, "longest": _LONGEST_RECORD_BYTES},
    )


def _join_lines(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `record_texts`: one row per record, the header left out."""
    connection.execute(
        """
        create table record_texts as
        with placed as (
            select t.*, if(t.line_number <= s.last_line, s.first_line, null) as first_line
            from text_lines as t asof left join spans as s on t.line_number >= s.first_line
            where t.line_number > 1
        )
        select line_number, 1 as line_count, byte_offset, byte_length, text, is_decodable, is_terminated
        from placed where first_line is null
        union all
        select first_line, count(*), min(byte_offset), max(byte_offset + byte_length) - min(byte_offset),
            string_agg(text, chr(10) order by line_number), bool_and(is_decodable), bool_and(is_terminated)
        from placed where first_line is not null group by first_line
        """
    )


def _create_records(connection: duckdb.DuckDBPyConnection, header: Header) -> None:
    by_label = sorted(range(1, len(header.labels) + 1), key=lambda place: header.labels[place - 1])
    connection.execute(
        f"""
        create table records as
        with split as (
            select *, cells_of(text) as found from record_texts
        ),
        judged as (
            select *, case
                when not is_decodable then 'ENCODING_INVALID'
                when not is_terminated then 'LINE_TRUNCATED'
                when text = (select text from text_lines where line_number = 1) then 'HEADER_REPEATED'
                when found is null then 'CSV_QUOTE_BROKEN'
                when len(found) <> $width then 'CSV_FIELD_COUNT' end as problem
            from split
        )
        select line_number, line_count, byte_offset, byte_length, md5_number(text) as record_key, problem,
            if(problem is null, md5_number(array_to_string(list_select(found, {by_label}), chr(31))), null) as content_key,
            if(problem is null, found, null) as cells
        from judged
        """,
        {"width": len(header.labels)},
    )
