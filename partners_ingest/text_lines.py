"""Physical lines as text: what decodes as UTF-8, what does not, and whether the last line is whole.

Both readers start here. What a record is differs by format and belongs to them.
"""

from __future__ import annotations

import duckdb


def create_text_lines(connection: duckdb.DuckDBPyConnection) -> None:
    r"""Create the table `text_lines` from `lines`: one row per physical line.

    Columns: `line_number`, `byte_offset`, `byte_length` (without the newline), `text` (without newline and without
    the BOM of the first line), `is_decodable`, `is_terminated`. A line that does not decode is that line's fault
    (partners README, section 1); its `text` is then ASCII with `\xNN` for the bytes that are not.
    """
    connection.execute(
        r"""
        create table text_lines as
        with decoded as (
            select line_number, byte_offset, byte_length, try(decode(raw)) as whole, raw from lines
        ),
        shown as (
            select *, whole is not null as is_decodable,
                -- in its written form a blob shows quotes and newlines as \x22 and \x0A: they are structure, keep them
                coalesce(whole, replace(replace(replace(
                    raw::varchar, '\x22', '"'), '\x0D', chr(13)), '\x0A', chr(10))) as shown_text
            from decoded
        ),
        trimmed as (
            select *, ends_with(shown_text, chr(10)) as is_terminated,
                rtrim(shown_text, chr(13) || chr(10)) as body
            from shown
        )
        select line_number, byte_offset,
            byte_length - (length(shown_text) - length(body)) as byte_length,
            if(line_number = 1, ltrim(body, chr(65279)), body) as text,
            is_decodable, is_terminated
        from trimmed
        """
    )


def first_text(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the text of the first line, or None where there is none or it does not decode."""
    row = connection.execute("select text from text_lines where line_number = 1 and is_decodable").fetchone()
    return row[0] if row else None
