"""Real BAN rows, written as people write them: what the matcher states is right, by the way of writing and by confidence."""

import pytest

from bench.territories.address_holdout import calibrate, load_ban, measure, tallies
from stores.engine import connect
from territories.calibration import read_confidences
from tests.acceptance.test_open_data_shared import OPEN_DATA

pytestmark = pytest.mark.skipif(not OPEN_DATA.exists(), reason=f"no shared open data at {OPEN_DATA}")
#: Ways in which something is lost: the type that tells two streets apart, or letters of a short name.
LOSSY = {"type left out": 0.92, "two typos": 0.95, "typo in the type": 0.98, "one typo": 0.99}


@pytest.fixture(scope="module")
def asked():
    connection = connect()
    load_ban(connection, sorted((OPEN_DATA / "ban").glob("*/*.csv")))
    return measure(connection, 20_000)


def test_each_way_of_writing_is_found_and_what_is_stated_is_right(asked):
    found = tallies(*asked)
    assert found["all"].addresses == 20_000
    assert found["all"].recall >= 0.99
    assert found["all"].precision >= 0.995
    low = {way: tally for way, tally in found.items() if tally.recall < LOSSY.get(way, 0.99)}
    assert low == {}
    assert {way for way, tally in found.items() if tally.meant and tally.precision < 0.99} == set()


def test_of_matches_said_to_be_sure_99_in_100_are_right(asked):
    written, answers = asked
    sure = [(one.meant, answer.stated) for one, answer in zip(written, answers, strict=True) if answer.sure >= 0.95]
    assert len(sure) > 13_000
    assert sum(meant == stated for meant, stated in sure) / len(sure) >= 0.99


def test_the_recorded_confidences_are_those_of_this_measurement(asked):
    assert {one.likeness: one.confidence for one in calibrate(*asked)} == read_confidences()
