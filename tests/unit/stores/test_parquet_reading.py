"""Parquet files outlive the schema that they were written with."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from stores.engine import load_httpfs
from stores.files.parquet import read_sql, write_table
from stores.schemas.column_classes import Column, Privacy, Table

OLD = Table(
    "cups", "cup", ("cup",), (Column("cup", "BIGINT", Privacy.OPEN, ""), Column("gone", "DATE", Privacy.OPEN, ""))
)
NEW = replace(OLD, columns=(OLD.columns[0], Column("colours", "VARCHAR[]", Privacy.OPEN, "added later")))


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _files(connection: duckdb.DuckDBPyConnection, folder: Path) -> tuple[Path, Path]:
    old, new = folder / "old.parquet", folder / "new.parquet"
    write_table(connection, OLD, old, "select 1 as cup, date '2026-01-01' as gone")
    write_table(connection, NEW, new, "select 2 as cup, ['red'] as colours")
    return old, new


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_column_added_after_a_file_was_written_reads_as_null(connection, tmp_path, order):
    files = _files(connection, tmp_path)
    found = connection.execute(f"{read_sql(NEW, [files[place] for place in order])} order by cup").fetchall()
    assert found == [(1, None), (2, ["red"])]


def test_files_that_all_lack_the_column_keep_its_type(connection, tmp_path):
    old, _ = _files(connection, tmp_path)
    described = connection.execute(f"describe {read_sql(NEW, [old])}").fetchall()
    assert [(row[0], row[1]) for row in described] == [("cup", "BIGINT"), ("colours", "VARCHAR[]")]
    assert connection.execute(read_sql(NEW, [old])).fetchall() == [(1, None)]


def test_a_filter_still_reaches_the_files(connection, tmp_path):
    sql = read_sql(NEW, _files(connection, tmp_path))
    plan = connection.execute(f"explain select colours from ({sql}) where cup > 1").fetchall()[0][1]
    # by its statistics one file has no such row, the other no other: one is not opened, neither needs a filter
    assert plan.count("EMPTY_RESULT") == 1 and "FILTER" not in plan


def test_encrypted_files_are_read_alike(connection, tmp_path):
    load_httpfs(connection)
    connection.execute("pragma add_parquet_key('k', 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=')")
    for place, (table, query) in enumerate([(OLD, "select 1, null"), (NEW, "select 2, ['red']")]):
        named = f"select * from ({query}) as t({', '.join(table.names())})"
        options = ", encryption_config {footer_key: 'k'}"
        write_table(connection, table, tmp_path / f"{place}.parquet", named, options=options)
    sql = read_sql(NEW, sorted(tmp_path.glob("*.parquet")), ", encryption_config = {footer_key: 'k'}")
    assert connection.execute(f"{sql} order by cup").fetchall() == [(1, None), (2, ["red"])]
