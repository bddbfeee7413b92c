"""The crosswalk 2022 -> 2026 of the whole of Paris, judged by what it predicts: the roll of the legislative first round.

Rules and classification are unit tests of dbt; here are the real maps and results of the open-data README.
"""

import pytest

from stores.schemas.territory_tables import BUREAU_RESULTS, TERRITORY_OVERLAPS
from terms.clock import Clock
from territories.overlaps import make_overlaps
from tests.acceptance.test_open_data_shared import OPEN_DATA, load_shared

pytestmark = pytest.mark.skipif(not OPEN_DATA.exists(), reason=f"no shared open data at {OPEN_DATA}")
SOURCES = ("ban", "bureaux_2022_paris", "bureaux_2026_paris", "iris_contours", "presidential_2022_t1_long")


@pytest.fixture(scope="module")
def paris(tmp_path_factory):
    """A connection with `shared_parts`, and `rolls` (bureau of 2026: predicted, error, actual)."""
    home = tmp_path_factory.mktemp("crosswalk")
    _, stores, connection = load_shared(home, {*SOURCES, "legislative_2024_t1_long"}, (BUREAU_RESULTS,))
    report = make_overlaps(stores, Clock(), lambda text: None)
    again = make_overlaps(stores, Clock(), lambda text: None)
    assert (report.is_new, again.is_new, again.serving) == (True, False, report.serving)
    connection.execute(f"create view shared_parts as {stores.lake.sql(TERRITORY_OVERLAPS, [report.serving])}")
    connection.execute(
        """
        create table rolls as
        with roll as (select distinct election, bureau_code, registered from bureau_results where round = 1)
        select to_code, sum(old.registered * share_of_from) as predicted, any_value(new.registered) as actual,
            sqrt(pow(0.022 * predicted, 2) + 0.3 * sum(pow(old.registered, 2) * share_of_from * (1 - share_of_from))) as error,
            max(least(share_of_from, share_of_to)) < 0.95 as is_changed,
            sum(pow(old.registered, 2) * share_of_from * (1 - share_of_from)) as moved
        from shared_parts
        inner join roll as old on old.election = 'PRES2022' and from_code = old.bureau_code
        inner join roll as new on new.election = 'LEG2024' and to_code = new.bureau_code
        where to_kind = 'bureau' group by to_code
        """
    )
    return connection


def test_shares_are_shares(paris):
    wrong = paris.execute(
        "select count(*) from shared_parts where not (share_of_from between 0 and 1.0001 and share_of_to between 0 and 1.0001)"
    )
    assert wrong.fetchone() == (0,)
    most = "select max(total) from (select sum(share_of_from) as total from shared_parts group by from_map, from_code, to_kind, to_map)"
    assert paris.execute(most).fetchone()[0] < 1.01


def test_addresses_speak_where_they_are_and_surface_elsewhere(paris):
    told = dict(paris.execute("select rule, count(distinct from_code) from shared_parts group by all").fetchall())
    assert told["addresses"] > 30
    assert told["overlap"] > 800


def test_every_bureau_of_the_newer_map_gets_a_roll_near_its_own(paris):
    bureaux, median, mean = paris.execute(
        "select count(*), median(abs(predicted / actual - 1)), avg(abs(predicted / actual - 1)) from rolls"
    ).fetchone()
    assert bureaux == 901
    assert median < 0.02
    assert mean < 0.04


def test_the_interval_of_80_percent_holds(paris):
    covered = dict(
        paris.execute(
            "select is_changed, avg((abs(predicted - actual) <= 1.2816 * error)::integer) from rolls group by all"
        ).fetchall()
    )
    assert 0.75 <= covered[False] <= 0.85
    assert 0.75 <= covered[True] <= 0.85


def test_the_interval_holds_where_it_was_not_fitted(paris):
    """Both errors fitted on half of the bureaux cover the other half, and are near those that the model of dbt uses."""
    import numpy as np

    told = paris.execute(
        "select predicted, actual, moved, is_changed, hash(to_code) % 2 as half from rolls where predicted > 0"
    ).fetchnumpy()
    error = np.abs(told["predicted"] - told["actual"])
    covered = np.zeros(len(error), bool)
    for half in (0, 1):
        fit, held_out = told["half"] == half, told["half"] != half
        same, changed = fit & ~told["is_changed"], fit & told["is_changed"]
        drift = np.quantile(error[same] / told["predicted"][same], 0.8) / 1.2816

        def spread(block, rows, drift=drift):
            return 1.2816 * np.sqrt((drift * told["predicted"][rows]) ** 2 + block * told["moved"][rows])

        block = min(b for b in np.arange(0, 3, 0.01) if np.mean(error[changed] <= spread(b, changed)) >= 0.8)
        assert 0.016 < drift < 0.028
        assert 0.05 < block < 0.7, "half of the changed bureaux are few: the fit is rough, its coverage is what counts"
        covered[held_out] = error[held_out] <= spread(block, held_out)
    assert told["is_changed"].sum() >= 90
    assert 0.76 <= covered[~told["is_changed"]].mean() <= 0.84
    assert 0.70 <= covered[told["is_changed"]].mean() <= 0.90


def test_the_renumbered_centre_is_named(paris):
    moved = dict(
        paris.execute(
            "select from_code, to_code from shared_parts where to_kind = 'bureau' and share_of_from >= 0.95"
            " and share_of_to >= 0.95 and from_code <> to_code"
        ).fetchall()
    )
    assert moved["75056_0301"] == "75056_0321"
    assert moved["75056_0401"] == "75056_0436"
