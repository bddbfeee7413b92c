"""Spreadsheets and Parquet files that a library cannot bear: they are damaged, and the process lives on."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from partners_ingest.arrival import table_files
from partners_ingest.arrival.damage import TableDamaged
from partners_ingest.arrival.table_cells import cell_text
from partners_ingest.arrival.table_files import Limits, parquet_lines, sheet_lines
from tests.scenes.door.format_files import as_workbook, recommended_records

RECORDS = recommended_records("0" * 16)


def _workbook(more: str) -> io.BytesIO:
    """Return a workbook with further rows in its sheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(as_workbook(RECORDS))) as whole, zipfile.ZipFile(out, "w") as changed:
        for name in whole.namelist():
            changed.writestr(name, whole.read(name).decode().replace("</sheetData>", f"{more}</sheetData>"))
    return out


@pytest.mark.parametrize(
    "more",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1048576"><c s="1" r="XFD1048576" t="n"><v>1</v></c></row>',
        '<row r="9"><c r="ZZZZZZ99999999999"><v>1</v></c></row>',
        '<row r="99999999999"><c><v>1</v></c></row>',
        '<row r="1048576"><c r="XFD1048576" s="1"/></row>',
        f'<row r="9"><c r="A{"9" * 5000}"><v>1</v></c></row>',
        '<row r="9"><c r="é9"><v>1</v></c></row>',
        "<row r='9'><c r='XFD1048576'><v>1</v></c></row>",
        '<row r="9"><c r = "xfd1048576"><v>1</v></c></row>',
    ],
)
def test_cells_too_far_apart_damage_the_workbook_and_not_the_process(more: str) -> None:
    with pytest.raises(TableDamaged):
        list(sheet_lines(_workbook(more)))


@pytest.mark.parametrize(
    "more", ["", '<row r="9"><c r="XFD9"><v>1</v></c></row>', '<row r="9999"><c r="Z9999" s="1"/></row>']
)
def test_cells_that_are_far_or_only_formatted_are_read(more: str) -> None:
    assert len(list(sheet_lines(_workbook(more)))) >= 1 + len(RECORDS)


def test_a_far_cell_is_found_wherever_a_block_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "_SCAN_BYTES", 7)
    monkeypatch.setattr(table_files, "_OVERLAP", 60)
    with pytest.raises(TableDamaged):
        list(sheet_lines(_workbook('<row><c r="XFD1048576"><v>1</v></c></row>')))


@pytest.mark.parametrize("limits", [Limits(150 << 20, 600), Limits(4 << 30, 1)], ids=["memory", "processor"])
def test_a_workbook_that_takes_too_much_ends_its_reader_only(limits: Limits) -> None:
    """A sheet that is within every bound and still too much for the limits: rows may have come, then it is damaged."""
    rows = "".join(
        f'<row r="{row}"><c r="A{row}"><v>1</v></c><c r="BZ{row}"><v>1</v></c></row>' for row in range(99, 90_000)
    )
    whole = _workbook(rows)
    with pytest.raises(TableDamaged):
        list(sheet_lines(whole, limits))


def test_a_reader_whose_rows_nobody_wants_any_more_ends() -> None:
    lines = sheet_lines(_workbook(""))
    assert next(lines)
    lines.close()


@pytest.mark.parametrize(
    "kind", [pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.timestamp("ms"), pa.date32(), pa.date64()]
)
def test_an_instant_that_python_has_not_is_told_as_its_number(kind: pa.DataType) -> None:
    far = 2**30 if kind == pa.date32() else 2**59 // 86_400_000 * 86_400_000
    column = pa.array([far, None, 0], pa.int32() if kind == pa.date32() else pa.int64()).view(kind)
    out = io.BytesIO()
    pq.write_table(pa.table({"at": column}), out)
    header, *rows = parquet_lines(io.BytesIO(out.getvalue()))
    assert (header, len(rows), rows[1]) == (b'["at"]\n', 3, b'[""]\n')
    assert str(far).encode() in rows[0] or rows[0].startswith(b'["')


def test_the_last_instant_there_is_has_a_text() -> None:
    assert cell_text(datetime.max) == "9999-12-31 23:59:59"
    assert cell_text(datetime.max.replace(tzinfo=UTC)) == "9999-12-31 23:59:59+00:00"
    assert cell_text(datetime.max - timedelta(seconds=1)) == "9999-12-31 23:59:59"
    assert cell_text(datetime(2026, 3, 2, 10, 0, 0, 500_000)) == "2026-03-02 10:00:01"
