"""Physical lines as text: what decodes in the file's encoding, what does not, and whether the last line is whole.

Every reader starts here. Which encoding it is belongs to `encodings`; what a record is differs by format and belongs
to the readers.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from consent.dossiers.feeds import Feed
from partners_ingest.readers.encodings import TextEncoding, decide_encoding

#: Lines decoded by Python at a time; bounds memory.
_BATCH = 20_000

#: UTF-8 in SQL. In its written form a blob shows quotes and newlines as \x22 and \x0A: they are structure, kept.
_UTF8_SQL = r"""
select line_number, byte_offset, byte_length, whole is not null as is_decodable,
    coalesce(whole, replace(replace(replace(
        raw::varchar, '\x22', '"'), '\x0D', chr(13)), '\x0A', chr(10))) as shown_text
from (select *, try(decode(raw)) as whole from lines)
"""
#: Everything else, from `transcoded`.
_TRANSCODED_SQL = """
select line_number, l.byte_offset, l.byte_length, is_decodable, shown_text
from lines as l inner join transcoded using (line_number)
"""


def create_text_lines(connection: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    r"""Create the view `text_lines` of `lines`: one row per physical line.

    Columns: `line_number`, `byte_offset`, `byte_length` (without the newline), `text` (without newline and without
    the BOM of the first line), `is_decodable`, `is_terminated`. A line that does not decode is that line's fault
    (partners README, section 1); its `text` is then ASCII with `\xNN` for the bytes that are not.

    The only line feed is the last character, so splitting there takes it off, ten times faster than trimming.
    """
    encoding = decide_encoding(first_bytes(connection), feed)
    transcode_lines(connection, encoding)
    connection.execute(
        f"""
        create or replace view text_lines as
        with shown as ({_UTF8_SQL if encoding.name == "utf-8" else _TRANSCODED_SQL}),
        trimmed as (
            select *, ends_with(shown_text, chr(10)) as is_terminated,
                string_split(string_split(shown_text, chr(13) || chr(10))[1], chr(10))[1] as cut,
                if(ends_with(cut, chr(13)), rtrim(cut, chr(13)), cut) as body
            from shown
        )
        select line_number, byte_offset,
            byte_length - (strlen(shown_text) - strlen(body)) * {encoding.unit.bytes} as byte_length,
            if(line_number = 1, ltrim(body, chr(65279)), body) as text,
            is_decodable, is_terminated
        from trimmed
        """
    )


def first_bytes(connection: duckdb.DuckDBPyConnection) -> bytes:
    """Return the first physical line as delivered; empty where there is none."""
    row = connection.execute("select raw from lines where line_number = 1").fetchone()
    return bytes(row[0]) if row else b""


def transcode_lines(connection: duckdb.DuckDBPyConnection, encoding: TextEncoding) -> None:
    """Create `transcoded`: each line of `lines` decoded by Python, some at a time; for each batch of lines anew.

    What is UTF-8 needs none: DuckDB decodes it.
    """
    if encoding.name == "utf-8":
        return
    connection.execute(
        "create or replace table transcoded (line_number bigint, is_decodable boolean, shown_text varchar)"
    )
    placed = connection.execute(
        "select coalesce(min(line_number), 0), coalesce(max(line_number), -1) from lines"
    ).fetchone()
    assert placed is not None  # an aggregate always gives a row
    for start in range(placed[0], placed[1] + 1, _BATCH):
        rows = connection.execute(
            "select line_number, raw from lines where line_number >= ? and line_number < ?", [start, start + _BATCH]
        ).fetchall()
        batch = _decoded(rows, encoding)
        connection.register("transcoded_batch", batch)
        connection.execute("insert into transcoded select * from transcoded_batch")
        connection.unregister("transcoded_batch")


def _decoded(rows: Iterable[tuple[int, bytes]], encoding: TextEncoding) -> pa.Table:
    numbers, wholes, texts = [], [], []
    for number, raw in rows:
        text, is_whole = decode_line(raw, encoding)
        numbers.append(number)
        wholes.append(is_whole)
        texts.append(text)
    return pa.table({"line_number": numbers, "is_decodable": wholes, "shown_text": pa.array(texts, pa.string())})


def decode_line(raw: bytes, encoding: TextEncoding) -> tuple[str, bool]:
    r"""Return the text of a line and whether all of it decodes; a byte that does not is shown as `\xNN`."""
    try:
        return raw.decode(encoding.name), True
    except UnicodeDecodeError:
        return raw.decode(encoding.name, errors="backslashreplace"), False


def first_text(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the text of the first line, or None where there is none or it does not decode."""
    row = connection.execute("select text from text_lines where line_number = 1 and is_decodable").fetchone()
    return row[0] if row else None
