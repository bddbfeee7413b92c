"""Controller, sponsors and named segments become rows; what is wrong, forbidden or doubled does not load."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent.dossiers.controller import read_controller, take_controller_snapshot
from sends.orders.segment_snapshots import read_segments, take_segments_snapshot, take_sponsors_snapshot
from stores.engine import connect
from stores.schemas.configuration_tables import SEGMENT_CRITERIA, SEGMENTS, SPONSORS
from terms.errors import UsageError
from tests.scenes.fresh_home import fresh_stores

CONFIG = Path(__file__).resolve().parents[3] / "config"
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
SEGMENT = """
segment_id: some
channel: sms
profile: market
sponsor: horizon
audience:
  communes: ["75111", "75112"]
  age: {min: 30}
  bureau_vote: {election: PRES2022, round: 2, candidate: MACRON, share_of_votes: {min: 0.6}}
  exclude: {sex: F}
"""


@pytest.fixture
def store(tmp_path):
    stores = fresh_stores(tmp_path / "home", ACTOR="t")
    yield stores.snapshots
    stores.engine.dispose()


def _rows(store, snapshot, table):
    with connect() as connection:
        return connection.execute(f"select * from ({store.sql(snapshot, table)}) order by all").fetchall()


def test_the_projects_own_sponsors_and_controller_load(store):
    snapshot = take_sponsors_snapshot(store, CONFIG / "sponsors", AT)
    assert ("horizon", "Parti de l'Horizon", None) in _rows(store, snapshot, SPONSORS)
    assert read_controller(CONFIG).legal_name == "Contact Citoyen SAS"
    first = take_controller_snapshot(store, CONFIG, AT)
    assert take_controller_snapshot(store, CONFIG, AT) == first


def test_a_segment_becomes_one_row_per_criterion_and_value(store, tmp_path):
    (tmp_path / "some.yaml").write_text(SEGMENT)
    snapshot = take_segments_snapshot(store, tmp_path, AT)
    assert _rows(store, snapshot, SEGMENTS) == [("some", "sms", "market", "horizon")]
    assert _rows(store, snapshot, SEGMENT_CRITERIA) == [
        ("some", "age", 0, None, 30.0, None, None, None),
        ("some", "bureau_vote", 0, "MACRON", 0.6, None, "PRES2022", 2),
        ("some", "communes", 0, "75111", None, None, None, None),
        ("some", "communes", 1, "75112", None, None, None, None),
        ("some", "exclude_sex", 0, "F", None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("criterion", "code"),
    [("family_names: [X]", "FORBIDDEN_NAME"), ("source_partners: [lumiere]", "FORBIDDEN_SOURCE_AS_CRITERION")],
)
def test_a_forbidden_criterion_does_not_load(tmp_path, criterion, code):
    (tmp_path / "some.yaml").write_text(SEGMENT + f"  {criterion}\n")
    with pytest.raises(UsageError, match=code):
        read_segments(tmp_path)


def test_an_id_may_not_stand_twice(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(SEGMENT)
    with pytest.raises(UsageError, match=r"b\.yaml: the segment some stands twice"):
        read_segments(tmp_path)


def test_a_missing_controller_says_which_file(tmp_path):
    with pytest.raises(UsageError, match=r"controller\.yaml"):
        read_controller(tmp_path)
