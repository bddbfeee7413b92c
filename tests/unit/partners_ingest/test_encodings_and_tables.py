"""Encodings, headers and tables at the door: which bytes become which text, lines and offsets."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consent.dossiers.dossiers import read_dossier
from consent.dossiers.feeds import Feed
from partners_ingest.arrival.damage import TableDamaged
from partners_ingest.arrival.table_cells import cell_text, line_of
from partners_ingest.arrival.table_files import parquet_lines, sheet_lines
from partners_ingest.arrival.unpacking import LineStream
from partners_ingest.readers.delimited import DelimitedReader
from partners_ingest.readers.delivered_lines import Content, DeliveredLines
from partners_ingest.readers.encodings import decide_encoding, declared_encoding
from partners_ingest.readers.table_rows import TableReader
from stores.engine import connect
from stores.evidence.lines import CodeUnit, physical_lines
from tests.scenes.door.dossier_samples import write_dossier

Row = tuple[int, int, int, str | None, list[str] | None]


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    return read_dossier(write_dossier(tmp_path_factory.mktemp("partners"))).feeds[0]


def _read(data: bytes, feed: Feed) -> tuple[Content, tuple[str, ...], list[Row]]:
    connection = connect()
    try:
        content = DeliveredLines(connection, io.BytesIO(data), feed).content()
        reader = TableReader() if feed.format == "xlsx" else DelimitedReader()
        header = reader.read_header(connection, feed)
        reader.read_records(connection, feed, header)
        rows = connection.execute(
            "select line_number, byte_offset, byte_length, problem, cells from records order by line_number"
        ).fetchall()
        return content, header.written, rows
    finally:
        connection.close()


def _cells(rows: list[Row]) -> list[list[str] | None]:
    return [row[-1] for row in rows]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso-8859-15", "mac_roman", "cp850", "utf-16-le", "utf-16"])
def test_a_declared_encoding_is_read(feed: Feed, encoding: str) -> None:
    text = "id,name,city\n1,Zoé,Épinal\n2,Ça,là\n"
    _, _, rows = _read(text.encode(encoding), replace(feed, encoding=encoding))
    assert _cells(rows) == [["1", "Zoé", "Épinal"], ["2", "Ça", "là"]]


@pytest.mark.parametrize(
    ("encoding", "name"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le"), ("utf-8", "cp1252"), ("cp1252", "cp1252")]
)
def test_a_byte_order_mark_wins_over_the_dossier(feed: Feed, encoding: str, name: str) -> None:
    content, header, _ = _read("id,name,city\n1,a,b\n".encode(encoding), replace(feed, encoding="cp1252"))
    assert content.encoding.name == name
    assert content.encoding.is_marked == (encoding in ("utf-8-sig", "utf-16"))
    assert header == ("id", "name", "city")


def test_big_endian_text_is_known_by_its_mark(feed: Feed) -> None:
    data = "\ufeffid,name,city\r\n1,Zoé,b\r\n".encode("utf-16-be")
    content, _, rows = _read(data, feed)
    assert content.encoding.name == "utf-16-be"
    assert _cells(rows) == [["1", "Zoé", "b"]]


def test_offsets_and_lengths_are_those_of_the_delivered_bytes(feed: Feed) -> None:
    data = "id,name,city\r\n1,\u0a0aé,b\r\n2,c,d\r\n".encode("utf-16-le")
    _, _, rows = _read(data, replace(feed, encoding="utf-16-le"))
    found = [data[offset : offset + length].decode("utf-16-le") for _, offset, length, _, _ in rows]
    assert found == ["1,\u0a0aé,b", "2,c,d"]  # U+0A0A holds the byte of a line feed twice


def test_a_line_that_does_not_decode_is_damaged_alone(feed: Feed) -> None:
    data = b"id,name,city\n1,a,b\n2,\x81,b\n3,c,d\n"
    _, _, rows = _read(data, replace(feed, encoding="cp1252"))
    assert [row[3] for row in rows] == [None, "ENCODING_INVALID", None]


def test_half_a_last_unit_damages_the_last_line_alone(feed: Feed) -> None:
    data = "id,name,city\n1,a,b\n2,c,d\n".encode("utf-16-le")[:-1]
    _, _, rows = _read(data, replace(feed, encoding="utf-16-le"))
    assert [row[3] for row in rows] == [None, "ENCODING_INVALID"]


@pytest.mark.parametrize("block", [2, 3, 5, 64])
@pytest.mark.parametrize("unit", list(CodeUnit))
def test_lines_are_the_same_whatever_the_block(unit: CodeUnit, block: int) -> None:
    codec = {CodeUnit.BYTE: "utf-8", CodeUnit.UTF16_LE: "utf-16-le", CodeUnit.UTF16_BE: "utf-16-be"}[unit]
    data = "a\n\nbcé\nd".encode(codec)
    found = [line for batch in physical_lines(io.BytesIO(data), block, unit) for line in batch.to_pylist()]
    assert [line["raw"].decode(codec) for line in found] == ["a\n", "\n", "bcé\n", "d"]
    assert [line["line_number"] for line in found] == [1, 2, 3, 4]
    assert b"".join(line["raw"] for line in found) == data


def test_an_encoding_outside_the_list_is_none(feed: Feed) -> None:
    assert declared_encoding(replace(feed, encoding="cp1250")) is None
    assert declared_encoding(replace(feed, encoding="base64")) is None
    assert decide_encoding(b"abc", None).name == "utf-8"


def test_a_file_without_header_has_the_columns_of_the_dossier(feed: Feed) -> None:
    bare = replace(feed, header=False, headers=(("phone",),), quote=None)
    _, header, rows = _read(b"0639980001\n0639980002\n", bare)
    assert header == ("phone",)
    assert [(row[0], row[-1]) for row in rows] == [(1, ["0639980001"]), (2, ["0639980002"])]


@pytest.mark.parametrize("end", ["", ","])
def test_one_empty_label_too_many_is_no_column(feed: Feed, end: str) -> None:
    _, header, rows = _read(f"id,name,city{end}\n1,a,b\n".encode(), replace(feed, header_extra_label=True))
    assert header == ("id", "name", "city")
    assert _cells(rows) == [["1", "a", "b"]]


def test_a_label_may_hold_newlines_and_the_header_again_is_known(feed: Feed) -> None:
    header = 'id,"Acceptez-vous,\noui ou non ?",city\n'
    _, labels, rows = _read(f"{header}1,oui,b\n{header}2,non,c\n".encode(), feed)
    assert labels == ("id", "Acceptez-vous,\noui ou non ?", "city")
    assert [(row[0], row[3], row[-1]) for row in rows] == [
        (3, None, ["1", "oui", "b"]),
        (4, "HEADER_REPEATED", None),
        (6, None, ["2", "non", "c"]),
    ]


def test_a_header_whose_quote_never_closes_has_no_labels(feed: Feed) -> None:
    _, labels, rows = _read(b'id,"name,city\n1,a,b\n', feed)
    assert labels == ()
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (612345678.0, "612345678"),
        (46205.5, "46205.5"),
        (True, "true"),
        (date(1980, 5, 2), "1980-05-02"),
        (datetime(2026, 3, 2, 10, 0, 0, 999_600), "2026-03-02 10:00:01"),
        (datetime(2026, 3, 2, 10, tzinfo=UTC), "2026-03-02 10:00:00+00:00"),
        (["sms", "voice"], '["sms", "voice"]'),
        (b"caf\xc3\xa9", "café"),
        (float("nan"), ""),
        ("a\0b", "ab"),
    ],
)
def test_a_cell_of_a_table_as_text(cell: object, text: str) -> None:
    assert cell_text(cell) == text


def test_a_row_of_a_table_is_a_record_at_its_place(feed: Feed) -> None:
    rows = [["id", "name", "city", ""], [1.0, "a\nb", "c", None], ["id", "name", "city", ""], ["2", "d", "e", "f"]]
    data = b"".join(line_of(row) for row in rows)
    _, header, found = _read(data, replace(feed, format="xlsx", compression="none"))
    assert header == ("id", "name", "city")
    assert [(row[0], row[3], row[-1]) for row in found] == [
        (2, None, ["1", "a\nb", "c"]),
        (3, "HEADER_REPEATED", None),
        (4, "CSV_FIELD_COUNT", None),
    ]


def test_a_table_without_header_has_the_columns_of_the_dossier(feed: Feed) -> None:
    data = b"".join(line_of(row) for row in [["0639980001"], ["0639980002"]])
    bare = replace(feed, format="xlsx", header=False, headers=(("phone",),))
    _, header, found = _read(data, bare)
    assert header == ("phone",)
    assert [(row[0], row[-1]) for row in found] == [(1, ["0639980001"]), (2, ["0639980002"])]


def test_a_parquet_file_is_read_row_by_row(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"id": [1, None], "at": [datetime(2026, 3, 2, tzinfo=UTC)] * 2, "on": [["sms"], None]}), file
    )
    with file.open("rb") as stream:
        lines = [json.loads(line) for line in parquet_lines(stream)]
    assert lines == [
        ["id", "at", "on"],
        ["1", "2026-03-02 00:00:00+00:00", '["sms"]'],
        ["", "2026-03-02 00:00:00+00:00", ""],
    ]


@pytest.mark.parametrize("data", [b"PK\x03\x04 no workbook", b"PAR1 no table PAR1", b""])
def test_a_damaged_table_says_so_and_nothing_else(data: bytes) -> None:
    for lines in (sheet_lines, parquet_lines):
        with pytest.raises(TableDamaged) as caught:
            list(lines(io.BytesIO(data)))
        assert str(caught.value) == ""


def test_rows_can_be_sought_forward() -> None:
    stream = io.BufferedReader(LineStream(line_of([str(number)]) for number in range(1000)))
    offset = sum(len(line_of([str(number)])) for number in range(700))
    stream.seek(offset)
    assert stream.readline() == b'["700"]\n'
