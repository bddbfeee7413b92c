"""Overlaps on real stores with drawn squares: communes that were merged, and addresses that speak before surfaces.

The crosswalk of a whole city is judged in tests/acceptance.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from open_data.load import Outcome, refresh_open_data
from open_data.sources import read_sources
from stores.engine import connect
from stores.schemas.territory_tables import TERRITORY_OVERLAPS
from terms.clock import Clock
from territories.overlaps import make_overlaps
from tests.scenes.fresh_home import fresh_stores

SOURCES = {
    source.source_id: source for source in read_sources(Path(__file__).resolve().parents[3] / "config/open_data")
}
CLOCK = Clock(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))


def square(west, east):
    return {"type": "Polygon", "coordinates": [[[west, 48], [east, 48], [east, 49], [west, 49], [west, 48]]]}


def write_map(folder, year, **bureaux):
    features = [
        {"type": "Feature", "properties": {"codeBureauVote": code[1:]}, "geometry": square(*sides)}
        for code, sides in bureaux.items()
    ]
    (folder / "maps").mkdir(exist_ok=True)
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "maps" / f"contours-bureaux-{year}.geojson").write_text(text)


def write_cog(folder, *movements):
    """Write the three files of a year in which 48901 and 48903 are communes and these (code, name) went into 48901."""
    (folder / "cog").mkdir()
    (folder / "cog" / "v_commune_2026.csv").write_text(
        "TYPECOM,COM,LIBELLE,COMPARENT\nCOM,48901,Valombre,\nCOM,48903,Loin,\n"
    )
    (folder / "cog" / "v_commune_comer_2026.csv").write_text(
        "COM_COMER,LIBELLE,NATURE_ZONAGE\n97701,Saint-Barthélemy,COM\n"
    )
    lines = [f"32,2025-01-01,COM,{code},{name},COM,48901,Valombre" for code, name in movements]
    header = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP"
    (folder / "cog" / "v_mvt_commune_2026.csv").write_text("\n".join([header, *lines]) + "\n")


@pytest.fixture
def overlaps(tmp_path):
    """A function that loads what stands in the folder and returns (from, to, share) of the overlaps."""
    stores = fresh_stores(tmp_path / "home")
    folder = tmp_path / "open"
    folder.mkdir()

    def make():
        wanted = [SOURCES[name] for name in ("bureaux_2022_contours", "bureaux_2026_contours", "cog_names")]
        reports = refresh_open_data(stores, folder, wanted, CLOCK, lambda text: None)
        assert not [report for report in reports if report.outcome is Outcome.FAILED]
        report = make_overlaps(stores, CLOCK, lambda text: None)
        rows = connect().execute(
            f"select from_code, to_code, share_of_from from ({stores.lake.sql(TERRITORY_OVERLAPS, [report.serving])})"
        )
        return {(row[0], row[1]): round(row[2], 3) for row in rows.fetchall()}

    return folder, make


def test_a_bureau_of_a_merged_commune_lies_in_those_of_the_new_one(overlaps):
    folder, make = overlaps
    write_map(folder, 2022, b48901_0001=(2, 3), b48777_0001=(3, 4), b48903_0001=(4, 5))
    # the border of 48903 was drawn a little to the west: a drawing, not people
    write_map(folder, 2026, b48901_0001=(2, 3.25), b48901_0002=(3.25, 3.9), b48903_0001=(3.9, 5))
    without = make()
    assert ("48777_0001", "48901_0001") not in without
    write_cog(folder, ("48777", "Vieuxbourg"))
    assert make() == {
        ("48901_0001", "48901_0001"): 1,
        ("48777_0001", "48901_0001"): 0.25,
        ("48777_0001", "48901_0002"): 0.65,
        ("48903_0001", "48903_0001"): 1,
    }
