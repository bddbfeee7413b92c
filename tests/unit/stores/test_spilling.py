"""What does not fit into memory spills to encrypted files: every way of opening DuckDB can, for reading and for writing."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.credentials import Attachment

from stores import engine
from stores.engine import connect, connect_read_only, httpfs_file
from terms.settings import PROJECT_ROOT

#: More than fits into the memory that the tests leave.
_SORTED = "select max(n) from (select row_number() over (order by md5(i::varchar)) as n from range(1500000) as r (i))"


def _outgrow(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("set memory_limit = '60MB'; set threads = 1")
    assert connection.execute(_SORTED).fetchone() == (1_500_000,)


def test_a_writing_connection_spills(tmp_path: Path) -> None:
    with connect(tmp_path / "build.duckdb", spill_to=tmp_path / "spill") as build:
        _outgrow(build)


def test_a_reading_connection_spills(tmp_path: Path) -> None:
    connect(tmp_path / "base.duckdb").close()
    with connect_read_only(tmp_path / "base.duckdb") as base:
        _outgrow(base)


def test_without_the_extension_it_could_not() -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error, match="crypto"):
        connection.execute("set temp_file_encryption = true")
        _outgrow(connection)


def test_an_extension_that_its_makers_did_not_sign_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered = tmp_path / "httpfs.duckdb_extension"
    content = bytearray(httpfs_file().read_bytes())
    content[len(content) // 2] ^= 1
    altered.write_bytes(content)
    monkeypatch.setattr(engine, "httpfs_file", lambda: altered)
    engine._CHECKED.clear()
    try:
        with pytest.raises(duckdb.Error, match="signature"):
            connect()
    finally:
        engine._CHECKED.clear()


def test_dbt_opens_a_further_cursor_while_a_model_spills(tmp_path: Path) -> None:
    profile = yaml.safe_load((PROJECT_ROOT / "dbt_project" / "profiles.yml").read_text())
    target = profile["filiation"]["outputs"]["build"]
    config = {**target["config_options"], "temp_directory": str(tmp_path), "memory_limit": "60MB", "threads": 1}
    with duckdb.connect(str(tmp_path / "build.duckdb"), config=config) as build:
        build.execute(f"load '{httpfs_file()}'")
        build.execute("create temp table spilt as select md5(i::varchar) as text from range(2500000) as r (i)")
        assert build.execute("select count(*) > 0 from duckdb_temporary_files()").fetchone() == (True,)
        for name, value in target["settings"].items():
            if "{{" not in str(value):
                build.cursor().execute(f"set {name} = '{value}'")


def test_dbt_writes_row_groups_that_a_look_up_unpacks_fast(tmp_path: Path) -> None:
    profile = yaml.safe_load((PROJECT_ROOT / "dbt_project" / "profiles.yml").read_text())
    target = profile["filiation"]["outputs"]["build"]
    attached, _steps = target["attach"]
    with duckdb.connect() as memory:
        memory.execute(Attachment(**{**attached, "path": str(tmp_path / "any.duckdb")}).to_sql())
        memory.execute(f"set search_path = '{target['settings']['search_path']}'")
        memory.execute("create table written as select i from range(60000) as r (i)")
        memory.execute(f"checkpoint {target['database']}")
        rows = memory.execute("select distinct row_group_id from pragma_storage_info('written')").fetchall()
    assert len(rows) == 5
