"""The quoting rule of delimited text: a broken record is damaged alone (partners README, section 4)."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consent.dossiers.dossiers import read_dossier
from consent.dossiers.feeds import Feed
from partners_ingest.readers import delimited, delivered_lines
from partners_ingest.readers.delimited import DelimitedReader
from partners_ingest.readers.delivered_lines import DeliveredLines
from stores.engine import connect
from tests.scenes.door.dossier_samples import write_dossier

HEADER = "id,name,city\n"


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    folder = write_dossier(tmp_path_factory.mktemp("partners"))
    return next(feed for feed in read_dossier(folder).feeds if feed.quote == '"')


def _read(data: bytes, feed: Feed) -> list[tuple[int, str | None, list[str] | None]]:
    connection = connect()
    try:
        lines = DeliveredLines(connection, io.BytesIO(data), feed)
        reader = DelimitedReader()
        header = reader.read_header(connection, feed)
        found: list[tuple[int, str | None, list[str] | None]] = []
        for end in lines.batches():
            reader.read_records(connection, feed, header, end)
            found += connection.execute("select line_number, problem, cells from records").fetchall()
        return sorted(found)
    finally:
        connection.close()


def test_a_quoted_newline_joins_lines_and_quotes_are_undoubled(feed: Feed) -> None:
    found = _read((HEADER + '1,"a ""b""\nc",x\n2,d,e\n').encode(), feed)
    assert found == [(2, None, ["1", 'a "b"\nc', "x"]), (4, None, ["2", "d", "e"])]


def test_a_quote_that_never_closes_damages_its_line_alone(feed: Feed) -> None:
    found = _read((HEADER + '1,"a,x\n2,b,y\n3,"c\nd",z\n').encode(), feed)
    assert found == [(2, "CSV_QUOTE_BROKEN", None), (3, None, ["2", "b", "y"]), (4, None, ["3", "c\nd", "z"])]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'1,a"b"c,d\n', "CSV_QUOTE_BROKEN"),
        (b'1,"a"b,d\n', "CSV_QUOTE_BROKEN"),
        (b"1,a\n", "CSV_FIELD_COUNT"),
        (b"1,a,b,\n", "CSV_FIELD_COUNT"),
        (b"\n", "CSV_FIELD_COUNT"),
        (b"id,name,city\n", "HEADER_REPEATED"),
        (b"1,caf\xe9,d\n", "ENCODING_INVALID"),
    ],
)
def test_a_damaged_line_has_its_code_and_reading_resumes(feed: Feed, line: bytes, problem: str) -> None:
    found = _read(HEADER.encode() + line + b"2,b,c\n", feed)
    assert found == [(2, problem, None), (3, None, ["2", "b", "c"])]


def test_the_last_line_without_newline_is_cut_whatever_its_cells(feed: Feed) -> None:
    assert _read((HEADER + "1,a,b\n2,c,d").encode(), feed)[-1] == (3, "LINE_TRUNCATED", None)


def test_a_carriage_return_is_no_part_of_the_last_cell(feed: Feed) -> None:
    assert _read(b"id,name,city\r\n1,a,b\r\n", feed) == [(2, None, ["1", "a", "b"])]


def test_the_same_content_in_another_order_of_columns_has_the_same_key(feed: Feed) -> None:
    keys = []
    for data in (b"id,name,city\n1,a,b\n", b"city,id,name\nb,1,a\n"):
        connection = connect()
        DeliveredLines(connection, io.BytesIO(data), feed)
        reader = DelimitedReader()
        reader.read_records(connection, feed, reader.read_header(connection, feed))
        keys.append(connection.execute("select content_key from records").fetchone())
        connection.close()
    assert keys[0] == keys[1]


_LINE = st.text(alphabet='ab,"\x1e\x1f', max_size=9)


@settings(max_examples=100, deadline=None)
@example(
    lines=['a,"b', '",c', '",x,y'], batch_bytes=1000
)  # the middle line could end one record or begin another: the first wins
@example(lines=['a,"b', '",c', '",x,y', '",b,c'], batch_bytes=16)
@example(
    lines=['a,"b', '",c', '",x,y', "d,e,f"], batch_bytes=16
)  # the end of a record begins none, in the next batch neither
@given(lines=st.lists(_LINE, max_size=9), batch_bytes=st.sampled_from([16, 40, delivered_lines.BATCH_BYTES]))
def test_pairing_says_what_a_reader_by_hand_says(feed: Feed, lines: list[str], batch_bytes: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(delivered_lines, "BATCH_BYTES", batch_bytes)
        patched.setattr(delimited, "_BATCH_BYTES", 8)  # lines are joined in several batches
        found = _read((HEADER + "".join(f"{line}\n" for line in lines)).encode(), feed)
    assert found == [(number + 2, problem, cells) for number, problem, cells in _by_hand(lines, width=3)]


def _by_hand(lines: list[str], width: int) -> list[tuple[int, str | None, list[str] | None]]:
    """The rule read word for word, one line after the other."""
    found: list[tuple[int, str | None, list[str] | None]] = []
    at = 0
    while at < len(lines):
        end, text = at, lines[at]
        if text.count('"') % 2:
            later = (index for index in range(at + 1, len(lines)) if lines[index].count('"') % 2)
            candidate = next(later, None)
            if candidate is not None:
                joined = _cells("\n".join(lines[at : candidate + 1]))
                if joined is not None and len(joined) == width:
                    end, text = candidate, "\n".join(lines[at : candidate + 1])
        cells = _cells(text)
        problem = "CSV_QUOTE_BROKEN" if cells is None else None if len(cells) == width else "CSV_FIELD_COUNT"
        found.append((at, problem, None if problem else cells))
        at = end + 1
    return found


def _cells(text: str) -> list[str] | None:
    """Cells of a record, or None where its quoting is broken; one character at a time."""
    cells, cell, state = [], "", "start"
    for char in text + ",":
        if state == "quoted":
            state = "closing" if char == '"' else state
            cell += "" if char == '"' else char
        elif char == ",":
            cells.append(cell)
            cell, state = "", "start"
        elif char == '"' and state in ("start", "closing"):
            cell += '"' if state == "closing" else ""
            state = "quoted"
        elif char == '"' or state == "closing":
            return None
        else:
            cell, state = cell + char, "plain"
    return None if state == "quoted" else cells


def test_records_of_an_exporter_that_never_quotes_keep_their_quotes(feed: Feed, tmp_path: Path) -> None:
    folder = write_dossier(tmp_path)
    plain = next(feed for feed in read_dossier(folder).feeds if feed.kind == "withdrawals")
    connection: duckdb.DuckDBPyConnection = connect()
    DeliveredLines(connection, io.BytesIO(b'id;left_on\n"1";"2026-01-01"\n'), plain)
    reader = DelimitedReader()
    reader.read_records(connection, plain, reader.read_header(connection, plain))
    assert connection.execute("select cells from records").fetchall() == [(['"1"', '"2026-01-01"'],)]
    connection.close()


def test_a_header_with_a_nul_is_a_text_like_any_other(feed: Feed) -> None:
    found = _read(b"id,na\0me,city\n1,a,b\nid,na\0me,city\n", feed)
    assert [row[1] for row in found] == [None, "HEADER_REPEATED"]
