"""A base as readers get it: its rows in small groups however often it was opened since, and nothing beside it or empty in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import yaml

from publishing.build import DBT_PROJECT
from stores.home import init_home
from stores.warehouse.warehouse import ROWS_PER_GROUP, BaseManifest, Warehouse
from terms.settings import load_settings

_MANIFEST = BaseManifest("first", "", "", "", "", {}, {}, {}, {}, {})
_ROWS = 60_000


def _warehouse(folder: Path) -> Warehouse:
    return Warehouse(init_home(load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(folder)})))


def _largest_group(base: duckdb.DuckDBPyConnection) -> int:
    (rows,) = base.execute(
        "select max(rows) from (select sum(count) as rows from pragma_storage_info('opt_ins')"
        " where segment_type <> 'VALIDITY' group by row_group_id, column_id)"
    ).fetchall()[0]
    return int(rows)


def test_a_base_keeps_small_groups_of_rows_from_night_to_night(tmp_path: Path) -> None:
    warehouse = _warehouse(tmp_path)
    with warehouse.start_build(tmp_path) as build:
        build.execute(f"create table opt_ins as select range as contact_id from range({_ROWS})")
    warehouse.publish(_MANIFEST)
    with warehouse.grow_build(tmp_path) as build:
        build.execute("delete from opt_ins where contact_id = 1")
    with warehouse.edit_build() as build:
        build.execute("insert into opt_ins values (1)")
    warehouse.publish(replace(_MANIFEST, version="second"))
    with warehouse.open_base() as base:
        assert base.execute("select count(*) from opt_ins").fetchall() == [(_ROWS,)]
        assert _largest_group(base) <= ROWS_PER_GROUP


def test_a_copy_of_a_base_has_small_groups_of_rows(tmp_path: Path) -> None:
    warehouse = _warehouse(tmp_path)
    with warehouse.start_build(tmp_path) as build:
        build.execute(f"create table opt_ins as select range as contact_id from range({_ROWS})")
    warehouse.publish(_MANIFEST)
    with warehouse.copy_base(tmp_path) as build:
        build.execute("insert into opt_ins from served.opt_ins")
        build.execute("checkpoint")
        assert _largest_group(build) <= ROWS_PER_GROUP


def test_intermediate_steps_go_when_the_build_is_published(tmp_path: Path) -> None:
    warehouse = _warehouse(tmp_path)
    with warehouse.start_build(tmp_path) as build:
        build.execute("create table opt_ins as select 1 as contact_id")
    warehouse.steps_path.touch()
    warehouse.publish(_MANIFEST)
    assert [file.name for file in warehouse.base_path.parent.iterdir()] == ["base.duckdb"]


def test_what_a_failed_run_left_goes_before_the_next(tmp_path: Path) -> None:
    warehouse = _warehouse(tmp_path)
    for name in ("build.duckdb", "build.duckdb.wal", "build.duckdb.steps", "build.duckdb.steps.wal"):
        (warehouse.base_path.parent / name).write_text("of a run that failed")
    with warehouse.start_build(tmp_path) as build:
        assert build.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
        assert not list(warehouse.base_path.parent.glob("*.steps*"))


def test_dbt_opens_the_build_as_the_warehouse_does(tmp_path: Path) -> None:
    profile = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    build, steps = profile["filiation"]["outputs"]["build"]["attach"]
    assert build["options"] == {"row_group_size": ROWS_PER_GROUP}
    assert steps["path"].endswith(_warehouse(tmp_path).steps_path.suffix)
