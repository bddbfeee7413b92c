"""The assets of open data as Dagster runs them: one per source, a check per control total, and a failure that stops nobody.

What a load checks is tested in test_open_data_load; fetching before it in test_open_data_fetch.
"""

import shutil
from pathlib import Path

import dagster as dg
import pytest

from assets.open_data import ASKED_WITHIN, FRESH, assets_of, source_key
from open_data.sources import ControlTotals, read_sources
from stores.all_stores import open_stores
from stores.home import init_home
from stores.migrations.migrate import migrate
from stores.operations.database import open_operations
from stores.warehouse.inputs import current_vintages
from terms.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]
SOURCES = {source.source_id: source for source in read_sources(ROOT / "config" / "open_data")}


@pytest.fixture
def night(tmp_path):
    """A folder with the bundled commune, and a function that runs the assets of sources: success, checks by (source, name)."""
    folder = tmp_path / "open"
    shutil.copytree(ROOT / "sample" / "open_data", folder)
    settings = load_settings(
        {"FILIATION_ENV": "test", "FILIATION_HOME": str(tmp_path / "home"), "FILIATION_OPEN_DATA": str(folder)}
    )
    init_home(settings)
    migrate(open_operations(settings.database_url))
    stores = open_stores(settings)

    def run(*sources):
        (assets, *_) = assets_of(sources)
        result = dg.materialize([assets], resources={"writing_stores": stores})
        checks = {(one.asset_key.path[-1], one.check_name): one for one in result.get_asset_check_evaluations()}
        return result.success, checks, {name.split("@")[0]: name for name in current_vintages(stores.engine)}

    return folder, run


def test_every_source_is_an_asset_that_must_be_asked_and_has_its_checks():
    (assets, *_) = assets_of(tuple(SOURCES.values()))
    specs = {spec.key: spec for spec in assets.specs}
    assert specs.keys() == {source_key(source) for source in SOURCES.values()}
    assert {spec.freshness_policy for spec in specs.values()} == {ASKED_WITHIN}
    checks = {(key.asset_key.path[-1], key.name) for key in assets.check_keys}
    assert checks >= {(name, FRESH) for name in SOURCES}
    totals = SOURCES["presidential_2022_t2"].control_totals.totals
    assert len([name for source, name in checks if source == "presidential_2022_t2"]) == 1 + len(totals)


def test_a_failed_source_warns_leaves_its_vintage_and_stops_nobody(night):
    folder, run = night
    two = SOURCES["filosofi_iris_2021"], SOURCES["bureaux_2026_contours"]
    success, checks, before = run(*two)
    assert success
    assert all(check.passed for check in checks.values())
    (folder / "filosofi" / "BASE_TD_FILO_IRIS_2021_DISP.csv").write_text("<!doctype html>")
    drawn = folder / "maps" / "contours-bureaux-2026.geojson"
    drawn.write_text(drawn.read_text() + "\n")
    success, checks, after = run(*two)
    assert success
    failed = checks["filosofi_iris_2021", FRESH]
    assert (failed.passed, failed.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert f"{before['filosofi_iris_2021']} goes on serving" in failed.description
    assert checks["bureaux_2026_contours", FRESH].passed
    assert after["filosofi_iris_2021"] == before["filosofi_iris_2021"]
    assert after["bureaux_2026_contours"] != before["bureaux_2026_contours"]


def test_a_total_that_is_not_the_published_one_is_a_check_that_warns(night):
    from dataclasses import replace

    _, run = night
    right = replace(SOURCES["filosofi_iris_2021"], control_totals=ControlTotals(1, {"rows": 6}))
    success, checks, served = run(right)
    assert checks["filosofi_iris_2021", "total_rows"].passed
    assert checks["filosofi_iris_2021", "total_rows"].metadata["found"].value == 6
    wrong = replace(right, control_totals=ControlTotals(1, {"rows": 7}))
    success, checks, still = run(wrong)
    assert success
    assert not checks["filosofi_iris_2021", "total_rows"].passed
    assert "rows 6 instead of 7" in checks["filosofi_iris_2021", "total_rows"].description
    assert still == served
