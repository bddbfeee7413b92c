"""Taking open data in on real stores: commit, nothing new, failure beside success, and what serves afterwards.

Formats are tested in tests/unit, the real rows in tests/acceptance.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from open_data.load import Outcome, refresh_open_data
from open_data.sources import ControlTotals, read_sources
from stores.engine import connect
from stores.operations import base_tables, log_tables
from stores.schemas.territory_tables import CONTOURS, IRIS_INCOME
from stores.warehouse.inputs import current_vintages
from terms.clock import Clock
from tests.scenes.fresh_home import fresh_stores

SOURCES = {
    source.source_id: source for source in read_sources(Path(__file__).resolve().parents[3] / "config/open_data")
}
INCOME, MAP = SOURCES["filosofi_iris_2021"], SOURCES["bureaux_2022_contours"]


@pytest.fixture
def stores(tmp_path):
    return fresh_stores(tmp_path / "home")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "open"
    (folder / "filosofi").mkdir(parents=True)
    (folder / "maps").mkdir()
    write_income(folder, ("010010101", "20350"), ("010010102", "ns"))
    write_map(folder, "01001_0001", "01001_0002")
    return folder


def write_income(folder, *pairs):
    lines = [";".join(INCOME.columns)]
    lines += [
        ";".join({"IRIS": code, "DISP_MED21": cell}.get(name, "0") for name in INCOME.columns) for code, cell in pairs
    ]
    (folder / "filosofi" / "BASE_TD_FILO_IRIS_2021_DISP.csv").write_text("\n".join(lines) + "\n")


def write_map(folder, *codes):
    square = {"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 48]]]}
    features = [{"type": "Feature", "properties": {"codeBureauVote": code}, "geometry": square} for code in codes]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "maps" / "contours-bureaux-2022.geojson").write_text(text)


def refresh(stores, folder, *sources):
    said = []
    clock = Clock(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
    return refresh_open_data(stores, folder, sources or (INCOME, MAP), clock, said.append), said


def medians(stores):
    names = [name for name in current_vintages(stores.engine) if stores.lake.path(IRIS_INCOME, name).exists()]
    query = f"select iris_code, median_euros, missing_reason from ({stores.lake.sql(IRIS_INCOME, names)}) order by 1"
    return connect().execute(query).fetchall()


def rows_of(stores, table):
    with stores.engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def test_a_load_is_in_lake_operations_and_journal(stores, folder):
    (income, contours), said = refresh(stores, folder)
    assert (income.outcome, contours.outcome) == (Outcome.LOADED, Outcome.LOADED)
    assert income.rows == {"iris_income": 2}
    assert contours.rows == {"bureaux": 2, "contours": 2}
    assert medians(stores) == [("010010101", 20350.0, None), ("010010102", None, "ns")]
    vintages = {row["source_id"]: row for row in rows_of(stores, base_tables.open_data_vintages)}
    assert vintages[INCOME.source_id]["rows"] == 2
    assert vintages[INCOME.source_id]["file_name"] == "filosofi/BASE_TD_FILO_IRIS_2021_DISP.csv"
    journal = [row for row in rows_of(stores, log_tables.journal) if row["kind"] == "open_data"]
    assert json.loads(journal[0]["payload_json"])["files"] == dict(income.files)
    assert set(current_vintages(stores.engine)) == {income.serving, contours.serving}
    assert len(said) == 2


def test_the_same_bytes_are_no_work(stores, folder):
    refresh(stores, folder)
    before = {path: path.stat().st_mtime_ns for path in stores.home.lake.rglob("*.parquet")}
    reports, said = refresh(stores, folder)
    assert [report.outcome for report in reports] == [Outcome.UNCHANGED] * 2
    assert said == []
    assert {path: path.stat().st_mtime_ns for path in stores.home.lake.rglob("*.parquet")} == before
    assert len(rows_of(stores, base_tables.open_data_vintages)) == 2
    assert [row["outcome"] for row in rows_of(stores, base_tables.open_data_attempts)] == ["loaded"] * 2 + [
        "unchanged"
    ] * 2


def test_a_failing_source_fails_alone_and_its_previous_vintage_serves(stores, folder):
    refresh(stores, folder)
    write_income(folder, ("010010101", "a secret"), ("010010102", "ns"))
    write_map(folder, "01001_0001", "01001_0002", "01001_0003")
    (income, contours), _ = refresh(stores, folder)
    assert income.outcome is Outcome.FAILED
    assert "goes on serving" in income.message
    assert "Traceback" not in income.message
    assert contours.outcome is Outcome.LOADED
    assert medians(stores) == [("010010101", 20350.0, None), ("010010102", None, "ns")]
    attempts = rows_of(stores, base_tables.open_data_attempts)
    assert [(row["outcome"], row["message"]) for row in attempts[2:]] == [("failed", income.message), ("loaded", None)]


def test_a_source_that_never_served_says_so(stores, folder):
    write_income(folder, ("010010101", "a secret"))
    (income, _), _ = refresh(stores, folder)
    assert (income.outcome, income.serving) == (Outcome.FAILED, None)
    assert "Nothing of this source serves" in income.message


def test_a_missing_file_leaves_the_vintage_or_is_absent(stores, folder):
    refresh(stores, folder, INCOME)
    (folder / "filosofi" / "BASE_TD_FILO_IRIS_2021_DISP.csv").unlink()
    (folder / "maps" / "contours-bureaux-2022.geojson").unlink()
    (income, contours), _ = refresh(stores, folder)
    assert income.outcome is Outcome.UNCHANGED
    assert "goes on serving" in income.message
    assert (contours.outcome, contours.serving) == (Outcome.ABSENT, None)
    assert len(medians(stores)) == 2


def test_an_archive_that_was_not_unpacked_is_named(stores, folder):
    iris = SOURCES["iris_contours_2025"]
    (folder / "iris").mkdir()
    (folder / "iris" / iris.archive).write_bytes(b"7z")
    ((report,), _) = refresh(stores, folder, iris)
    assert report.outcome is Outcome.ABSENT
    assert f"{iris.archive} stands in the folder packed." in report.message


def test_changed_bytes_of_one_vintage_serve_alone_and_may_return(stores, folder):
    (first, _), _ = refresh(stores, folder)
    write_income(folder, ("010010101", "20351"), ("010010102", "ns"))
    (second, _), _ = refresh(stores, folder)
    assert first.serving != second.serving
    assert medians(stores) == [("010010101", 20351.0, None), ("010010102", None, "ns")]
    write_income(folder, ("010010101", "20350"), ("010010102", "ns"))
    (third, _), _ = refresh(stores, folder)
    assert (third.outcome, third.serving) == (Outcome.LOADED, first.serving)
    assert medians(stores) == [("010010101", 20350.0, None), ("010010102", None, "ns")]


def test_totals_hold_for_a_whole_file_and_not_for_an_extract(stores, folder):
    wrong = replace(INCOME, control_totals=ControlTotals(2, {"rows": 3}))
    (income,), _ = refresh(stores, folder, wrong)
    assert income.outcome is Outcome.FAILED
    assert "rows 2 instead of 3" in income.message
    extract = replace(INCOME, control_totals=ControlTotals(3, {"rows": 3}))
    (income,), _ = refresh(stores, folder, extract)
    assert income.outcome is Outcome.LOADED
    assert [(total.measure, total.expected, total.found) for total in income.control_totals] == [("rows", None, 2)]


def test_a_file_that_lost_many_rows_is_taken_for_cut(stores, folder):
    write_income(folder, *((f"0100101{n:02}", "20350") for n in range(10)))
    refresh(stores, folder, INCOME)
    write_income(folder, *((f"0100101{n:02}", "20350") for n in range(7)))
    (income,), _ = refresh(stores, folder, INCOME)
    assert income.outcome is Outcome.FAILED
    assert "cut file" in income.message
    (income,), _ = refresh(stores, folder, replace(INCOME, max_shrink_pct=40))
    assert income.outcome is Outcome.LOADED


@pytest.mark.parametrize("pairs", [[], [("010010101", "1"), ("010010101", "2")]])
def test_no_rows_and_repeated_keys_fail(stores, folder, pairs):
    write_income(folder, *pairs)
    (income,), _ = refresh(stores, folder, INCOME)
    assert income.outcome is Outcome.FAILED
    assert list((stores.home.lake).rglob("*.parquet")) == []


def test_a_file_that_vanished_from_the_lake_is_made_again(stores, folder):
    (_, contours), _ = refresh(stores, folder)
    stores.lake.path(CONTOURS, contours.serving).unlink()
    (_, contours), _ = refresh(stores, folder)
    assert contours.outcome is Outcome.LOADED
    assert stores.lake.path(CONTOURS, contours.serving).exists()
