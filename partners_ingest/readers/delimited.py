"""Reader of delimited text: CSV with doubled quotes, or text of an exporter that never quotes.

The quoting rule is the partners README's (section 4): a broken record is damaged alone and reading resumes on the
next line. DuckDB's own CSV reader cannot say that, and loses records (feeds.md 3.3); so lines are paired here with
window functions. What the cells mean belongs to `fields`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import duckdb

from consent.dossiers.feeds import Feed
from partners_ingest.readers.cells import create_records
from partners_ingest.readers.delivered_lines import hold_lines
from partners_ingest.readers.labels import plain_label
from partners_ingest.readers.records import Header, LinesEnd, Records
from partners_ingest.readers.text_lines import create_text_lines
from stores.engine import quoted

#: A quoted cell longer than this is a quote that was never closed: its line is damaged alone.
_LONGEST_RECORD_BYTES = 4 * 1024 * 1024
#: Lines are joined in batches of so many bytes: texts in the making cannot spill.
_BATCH_BYTES = 32 * 1024 * 1024
#: A header that takes more lines than this is a quote that was never closed.
_LONGEST_HEADER_LINES = 500
#: Every record with its cells.
_CUT_SQL = """
select * exclude (parts), cells_of(text, parts) as found
from (select *, string_split(text, '"') as parts from record_texts)
"""
#: Records with as many quoted cells are cut without a pattern, in half the time: nearly all of them.
_FEW_QUOTED_CELLS = range(1, 9)


class DelimitedReader:
    """Reads feeds with `format: csv` and `quote` of `"` or null."""

    def read_header(self, connection: duckdb.DuckDBPyConnection, feed: Feed) -> Header:
        """Return the labels of the file, or the dossier's where it has none; no labels if they cannot be read.

        A quoted label may hold newlines (the wording of a question): the header then takes several lines.
        """
        create_text_lines(connection, feed)
        if not feed.header:
            return Header(tuple(plain_label(label) for label in feed.headers[0]), feed.headers[0], 0, None)
        lines = _header_lines(connection, feed)
        text = "\n".join(lines)
        labels = split_header(text, feed)
        return Header(tuple(plain_label(label) for label in labels), tuple(labels), max(len(lines), 1), text)

    def read_records(
        self, connection: duckdb.DuckDBPyConnection, feed: Feed, header: Header, end: LinesEnd = LinesEnd.FILE
    ) -> Records:
        """Create the view `records`: quoted text by pairing lines with an odd number of quotes, else one line each.

        Args:
            connection: the workbench, with `lines` or `text_lines`.
            feed: of the file.
            header: of the file, as `read_header` returned it.
            end: what comes after the lines that are there.
        """
        _create_macros(connection, feed)
        if feed.quote is None:
            connection.execute("create or replace table spans (first_line bigint, last_line bigint, batch bigint)")
        else:
            _pair_lines(connection, feed, header)
            if end is LinesEnd.BATCH:
                _hold_open_line(connection)
        _join_lines(connection, header)
        pieces = f"coalesce(found, string_split(replace(text, '\"', ''), '{quoted(feed.delimiter)}'))"
        return create_records(connection, feed, header, _CUT_SQL, pieces)


def split_header(text: str, feed: Feed) -> list[str]:
    """Return the labels of a header as delivered; the one empty label too many that some exporters write left out."""
    labels = split_line(text, feed)
    if feed.header_extra_label and labels and not labels[-1]:
        labels.pop()
    return labels


def _header_lines(connection: duckdb.DuckDBPyConnection, feed: Feed) -> list[str]:
    """Return the lines of the header: the first, and more while a quote is open; none if they do not decode."""
    rows = connection.execute(
        "select text, is_decodable from text_lines where line_number <= ? order by line_number", [_LONGEST_HEADER_LINES]
    ).fetchall()
    quotes = 0
    for place, (text, is_decodable) in enumerate(rows, start=1):
        quotes += text.count('"')
        if not is_decodable:
            return []
        if feed.quote is None or quotes % 2 == 0:
            return [line for line, _ in rows[:place]]
    return [rows[0][0]] if rows else []


def split_line(text: str, feed: Feed) -> list[str]:
    """Return the cells of one line by the feed's delimiter and quote; none where its quoting is broken."""
    delimiter = feed.delimiter or ","
    if feed.quote is None:
        return text.split(delimiter)
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    try:
        return next(csv.reader(lines, delimiter=delimiter, quotechar=feed.quote, strict=True), [])
    except csv.Error:
        return []


def _create_macros(connection: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Create `cells_of(record_text, parts)`: the cells, or null where the quoting is broken; `parts` are what is between quotes.

    A sound text is cut at its quotes: every second part lies inside a quoted cell, and an empty part between two
    of those is a doubled quote. (Extracting cells by pattern takes five times as long.) With few quoted cells and no
    quote in them, the parts outside show by their first and last character that the text is sound.
    """
    delimiter = quoted(feed.delimiter)
    pattern = re.escape(feed.delimiter or ",")
    cell = _cell_pattern(feed)
    plain = f"string_split(record_text, '{delimiter}')"
    if feed.quote is None:
        connection.execute(f"create or replace temp macro cells_of(record_text, parts) as {plain}")
        return
    # a leading delimiter makes every match non-empty: RE2 steps over a character after an empty match
    connection.execute(
        rf"""
        create or replace temp macro cells_of(record_text, parts) as case
            when len(parts) = 1 then {plain}
            {_few_quoted_sql(delimiter)}
            when not regexp_full_match('{delimiter}' || record_text, '(?:{pattern}{cell})+') then null
            when contains(record_text, chr(31)) then list_transform(
                regexp_extract_all('{delimiter}' || record_text, '{pattern}{cell}', 1),
                lambda cell: if(cell[1] = '"', replace(substring(cell, 2, length(cell) - 2), '""', '"'), cell))
            else string_split(array_to_string(list_transform(
                string_split(chr(30) || record_text || chr(30), '"'),
                lambda part, place: case when place % 2 = 0 then part when part = '' then '"'
                    else replace(part, '{delimiter}', chr(31)) end), '')[2:-2], chr(31))
        end
        """
    )


def _few_quoted_sql(delimiter: str) -> str:
    """Return branches for records with a few quoted cells: what is between the quotes is a cell, the rest is split."""
    return " ".join(_quoted_cells_sql(delimiter, cells) for cells in _FEW_QUOTED_CELLS)


def _quoted_cells_sql(delimiter: str, cells: int) -> str:
    outside = [f"parts[{place}]" for place in range(1, 2 * cells + 2, 2)]
    first, middles, last = outside[0], outside[1:-1], outside[-1]
    is_sound = [
        f"len(parts) = {2 * cells + 1}",
        f"({first} = '' or ends_with({first}, '{delimiter}'))",
        f"({last} = '' or starts_with({last}, '{delimiter}'))",
        *(f"starts_with({part}, '{delimiter}') and ends_with({part}, '{delimiter}')" for part in middles),
    ]
    # next to a quote there is a delimiter, so each list has an empty cell too many there
    split = [f"string_split({part}, '{delimiter}')" for part in outside]
    unquoted = [f"{split[0]}[:-2]", *(f"{middle}[2:-2]" for middle in split[1:-1]), f"{split[-1]}[2:]"]
    quoted_cells = [f"[parts[{place}]]" for place in range(2, 2 * cells + 1, 2)]
    pieces = [piece for pair in zip(unquoted, quoted_cells, strict=False) for piece in pair]
    return f"when {' and '.join(is_sound)} then list_concat({', '.join([*pieces, unquoted[-1]])})"


def _pair_lines(connection: duckdb.DuckDBPyConnection, feed: Feed, header: Header) -> None:
    """Create `spans`: first and last line of each multi-line record, and the `batch` in which its lines are joined.

    A line with an odd number of quotes starts one only if, joined up to the next such line, it has exactly the header's
    number of cells. The choice is greedy from the top: of adjacent candidates in a row, every second one starts a record.
    A line whose last cell is not an open quoted one starts none: it is not joined with all the lines up to the next one.
    """
    connection.execute(
        f"""
        create or replace table odd_lines as
        select line_number as first_line, byte_offset, {_opens_cell_sql(feed)} as opens_cell,
            row_number() over (order by line_number) as place,
            lead(line_number) over (order by line_number) as last_line,
            lead(byte_offset + byte_length) over (order by line_number) as next_end
        from text_lines
        where len(string_split(text, '"')) % 2 = 0 and line_number > {header.lines}
        """
    )
    connection.execute(
        f"""
        create or replace table candidates as
        select place, first_line, last_line,
            sum(next_end - byte_offset) over (order by place) // {_BATCH_BYTES} as batch
        from odd_lines where opens_cell and next_end - byte_offset <= {_LONGEST_RECORD_BYTES}
        """
    )
    connection.execute("create or replace table whole (place bigint, first_line bigint, last_line bigint)")
    for joined in _joined(connection, "candidates"):
        connection.execute(
            "insert into whole select c.place, first_line, last_line"
            f" from ({joined}) inner join candidates as c using (first_line)"
            f" where len(cells_of(text, string_split(text, '\"'))) = {len(header.labels)}"
        )
    connection.execute(
        """
        create or replace table spans as
        with runs as (select *, place - row_number() over (order by place) as run from whole),
        numbered as (select *, row_number() over (partition by run order by place) as place_in_run from runs)
        select first_line, last_line, batch from numbered inner join candidates using (first_line, last_line)
        where place_in_run % 2 = 1
        """
    )


def _hold_open_line(connection: duckdb.DuckDBPyConnection) -> None:
    """Hold back what may be the beginning of a record that ends in lines yet to come: the last line with an odd number of
    quotes, and all behind it, unless it ended a record, leaves no cell open or is too far back.

    The choice being greedy from the top, it is the same with and without what comes behind it.
    """
    found = connection.execute(
        f"""
        select first_line from odd_lines
        where last_line is null and opens_cell and first_line not in (select last_line from spans)
            and (select max(byte_offset + byte_length) from lines) - byte_offset <= {_LONGEST_RECORD_BYTES}
        """
    ).fetchone()
    if found:
        hold_lines(connection, found[0])


def _opens_cell_sql(feed: Feed) -> str:
    """Return SQL that is true where the `text` of a line is sound up to a quoted cell that it leaves open."""
    delimiter, cell = quoted(feed.delimiter), quoted(_cell_pattern(feed))
    pattern = quoted(re.escape(feed.delimiter or ","))
    return rf"""regexp_full_match('{delimiter}' || text, '(?:{pattern}{cell})*{pattern}"(?:[^"]|"")*')"""


def _cell_pattern(feed: Feed) -> str:
    return rf'("(?:[^"]|"")*"|[^"{re.escape(feed.delimiter or ",")}]*)'


def _joined(connection: duckdb.DuckDBPyConnection, spans: str) -> Iterator[str]:
    """Yield, batch by batch, SQL of one row per span of the table `spans` with the text of its lines joined.

    The lines between two quotes may be the whole file, and texts that are being joined cannot spill.
    """
    batches = connection.execute(
        f"select batch, min(first_line), max(last_line) from {spans} group by batch order by batch"
    ).fetchall()
    for batch, first, last in batches:
        yield f"""
            select s.first_line as first_line, count(*) as line_count, min(byte_offset) as byte_offset,
                max(byte_offset + byte_length) - min(byte_offset) as byte_length,
                string_agg(text, chr(10) order by line_number) as text, bool_and(is_decodable) as is_decodable,
                bool_and(is_terminated) as is_terminated
            from (select first_line, unnest(range(first_line, last_line + 1)) as line_number from {spans} where batch = {batch}) as s
            inner join (select * from text_lines where line_number between {first} and {last}) as t using (line_number)
            group by s.first_line
            """


def _join_lines(connection: duckdb.DuckDBPyConnection, header: Header) -> None:
    """Create the view `record_texts`: one row per record, the header left out.

    Most files have no record of several lines; then nothing is joined.
    """
    single = (
        "line_number, 1 as line_count, byte_offset, byte_length, text, is_decodable, is_terminated from text_lines"
        f" where line_number > {header.lines}"
    )
    spanned = connection.execute("select count(*) from spans").fetchone()
    if spanned == (0,):
        connection.execute(f"create or replace view record_texts as select {single}")
        return
    connection.execute(f"create or replace table joined_lines as select {single} limit 0")
    for joined in _joined(connection, "spans"):
        connection.execute(f"insert into joined_lines {joined}")
    connection.execute(
        f"""
        create or replace view record_texts as
        select {single} and line_number not in (select unnest(range(first_line, last_line + 1)) from spans)
        union all select * from joined_lines
        """
    )
