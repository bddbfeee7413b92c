"""A file that grows by batches: whole at the end, nothing before, and nothing of what was abandoned or failed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from stores.engine import connect_for_few
from stores.files.growing_file import GrowingFile
from stores.files.parquet import write_table
from stores.schemas.vault_tables import SALTS
from terms.errors import FiliationError


def _growing(target: Path) -> GrowingFile:
    return GrowingFile(
        SALTS, connect_for_few, lambda work, select: write_table(work, SALTS, target, select), {"salt": "'ab'::blob"}
    )


def _lines(*numbers: int) -> pa.RecordBatchReader:
    return pa.table({"line_number": pa.array(numbers, pa.int64())}).to_reader()


def test_batches_become_one_file_that_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "grown.parquet"
    growing = _growing(target)
    for numbers in ((1, 2), (), (3,), (4, 5)):
        growing.append(_lines(*numbers))
        assert not target.exists()
    assert growing.finish() == 5
    growing.abandon()
    rows = duckdb.sql(f"select line_number, salt from '{target}'").fetchall()
    assert rows == [(number, b"ab") for number in range(1, 6)]


def test_nothing_is_left_of_what_was_abandoned(tmp_path: Path) -> None:
    growing = _growing(tmp_path / "grown.parquet")
    growing.append(_lines(1))
    growing.append(_lines(2))
    growing.abandon()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_told_and_nobody_waits(tmp_path: Path) -> None:
    (tmp_path / "no folder").touch()
    growing = _growing(tmp_path / "no folder" / "grown.parquet")
    with pytest.raises(FiliationError, match="could not be written batch by batch"):
        for number in range(100):
            growing.append(_lines(number))
    growing.abandon()
