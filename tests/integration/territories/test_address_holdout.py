"""The hold-out of addresses in small, on the bundled commune: it runs, counts honestly, and the matcher keeps its word.

The real rows and the recorded confidences are judged in tests/acceptance.
"""

import gzip
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bench.territories.address_holdout import Answer, apart, calibrate, load_ban, measure, tallies
from bench.territories.perturbed_addresses import WAYS, House, Written, write_addresses
from stores.engine import connect
from territories.calibration import FEW, MOST, SURE_OF_FEW, Calibrated, read_confidences, write_calibration

SAMPLE = Path(__file__).resolve().parents[3] / "sample" / "open_data" / "ban" / "adresses-48.csv.gz"
HOUSE = House("x", 12, "b", "Rue du Faubourg Saint-Antoine", "75011", "Paris 11e Arrondissement")


def test_what_is_stated_of_the_bundled_commune_is_right(tmp_path):
    file = tmp_path / "ban.csv"
    file.write_bytes(gzip.decompress(SAMPLE.read_bytes()))
    connection = connect()
    load_ban(connection, [file])
    found = tallies(*measure(connection, 1_500))["all"]
    assert (found.addresses, found.stated > 900) == (1_500, True)
    assert found.precision >= 0.98
    assert found.recall >= 0.97


def test_the_same_seed_writes_the_same_and_hidden_houses_mean_nothing():
    one, other = (write_addresses([HOUSE], frozenset(), 200, seed=1) for _ in range(2))
    assert one == other != write_addresses([HOUSE], frozenset(), 200, seed=2)
    assert {written.meant for written in one} == {"x", None}
    assert {written.meant for written in write_addresses([HOUSE], frozenset({"x"}), 50, seed=1)} == {None}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_keeps_the_house_or_says_that_none_is_meant(way):
    written = way(Random(3), HOUSE)
    assert written.meant in {"x", None}
    assert ("12" in written.street) == (written.way not in {"no number", "number that is not there"})


def test_counts_are_of_the_row_that_was_meant():
    written = [Written("a", "", "", "", meant) for meant in ("x", "x", None, "x")]
    sure = {"kind": "exact", "likeness": "exact", "sure": 0.99}
    answers = [Answer(best=stated, stated=stated, **sure) for stated in ("x", "y", "x")]
    answers.append(Answer("commune", None, None, 0.0, None))
    found = tallies(written, answers)["all"]
    assert (found.addresses, found.meant, found.stated, found.right) == (4, 3, 3, 1)
    assert (found.recall, found.precision) == (1 / 3, 1 / 3)
    assert calibrate(written, answers) == [Calibrated("exact", 3, 1)]


def test_a_place_is_judged_by_what_was_measured_elsewhere():
    """In 75 the likeness is always right, in 48 never: each is judged by the other's."""
    right, wrong = Answer("near", "near, no type", "x", 0.9, "x"), Answer("near", "near, no type", "y", 0.9, "y")
    made = [Written("a", "", "", "", "x", commune) for commune in ("75111", "48271") for _ in range(200)]
    told = {one.place: one for one in apart(made, [right] * 200 + [wrong] * 200)}
    assert (told["48"].sure, told["48"].sure_and_right, told["48"].tally.precision) == (200, 0, 0.0)
    assert (told["75"].sure, told["75"].tally.stated) == (0, 0)
    assert {
        one.place for one in apart(made[:200] + [replace(one, made_of="75112") for one in made[200:]], [right] * 400)
    } == {
        "75111",
        "75112",
    }
    assert apart(made[:200], [right] * 200) == []


@pytest.mark.parametrize(
    ("measured", "right", "confidence"),
    [(10_000, 10_000, MOST), (1_000, 950, 0.93), (200, 200, 0.98), (FEW - 1, FEW - 1, SURE_OF_FEW)],
)
def test_a_confidence_is_a_lower_bound(measured, right, confidence, tmp_path):
    one = Calibrated("near, articles", measured, right)
    assert one.confidence == confidence
    write_calibration([one], tmp_path / "confidences.csv")
    assert read_confidences(tmp_path / "confidences.csv") == {"near, articles": confidence}
