"""The real open data of the shared folder: what loads, what it sums up to, and the chain of Faubourg Saint-Antoine.

Figures: the open-data README's §1 A and §3 b.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from open_data.load import Outcome, refresh_open_data
from open_data.sources import read_sources
from stores.engine import connect
from stores.schemas.territory_tables import (
    BAN_ADDRESSES,
    BUREAU_RESULTS,
    COMMUNE_NAMES,
    COMMUNES,
    CONTOURS,
    IRIS,
    IRIS_INCOME,
    REU_ADDRESSES,
)
from stores.warehouse.inputs import current_vintages
from terms.clock import Clock
from territories.contours import ContourIndex
from tests.scenes.fresh_home import fresh_stores

ROOT = Path(__file__).resolve().parents[2]
OPEN_DATA = (ROOT / os.environ.get("FILIATION_SHARED", "../shared")).resolve() / "data" / "open"
pytestmark = pytest.mark.skipif(not OPEN_DATA.exists(), reason=f"no shared open data at {OPEN_DATA}")
FAUBOURG = "postcode in ('75003', '75004', '75011', '75012')"


def load_shared(folder, wanted, tables):
    """Load these sources (none = all) into a home and return reports, stores and a connection with one view per table."""
    stores = fresh_stores(folder)
    clock = Clock(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
    sources = [item for item in read_sources(ROOT / "config" / "open_data") if not wanted or item.source_id in wanted]
    reports = refresh_open_data(stores, OPEN_DATA, sources, clock, lambda text: None)
    connection = connect()
    for table in tables:
        names = [name for name in current_vintages(stores.engine) if stores.lake.path(table, name).exists()]
        connection.execute(f"create view {table.name} as {stores.lake.sql(table, names)}")
    return {report.source.source_id: report for report in reports}, stores, connection


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Reports by source, and a connection with one view per open-data table."""
    folder = tmp_path_factory.mktemp("open-data-home")
    tables = (BAN_ADDRESSES, BUREAU_RESULTS, COMMUNE_NAMES, COMMUNES, CONTOURS, IRIS, IRIS_INCOME, REU_ADDRESSES)
    reports, _, connection = load_shared(folder, set(), tables)
    return reports, connection


def test_every_source_loads_but_the_contours_that_are_not_there(loaded):
    reports, _ = loaded
    absent = {name for name, report in reports.items() if report.outcome is Outcome.ABSENT}
    assert absent == {
        "bureaux_2022_contours",
        "bureaux_2026_contours",
        "presidential_2022_t1",
        "legislative_2022_t1",
        "legislative_2022_t2",
        "legislative_2024_t1",
        "municipal_2026_t1",
        "municipal_2026_t2",
        "european_2024",
        "reu_bureaux_2022",
        "ban_collectivities",
        "iris_contours_2025",
        "la_poste_postcodes",
    }
    assert {report.outcome for name, report in reports.items() if name not in absent} == {Outcome.LOADED}
    rows = {name: dict(report.rows) for name, report in reports.items() if name not in absent}
    assert rows == {
        "ban": {"ban_addresses": 5395, "communes": 5},
        "bureaux_2022_paris": {"bureaux": 896, "contours": 896},
        "bureaux_2026_paris": {"bureaux": 903, "contours": 903},
        "cog": {"communes": 35493},
        "cog_names": {"commune_names": 42056},
        "filosofi_commune_2021": {"commune_income": 31212},
        "filosofi_commune_2021_declared": {"commune_income": 34929},
        "filosofi_iris_2018": {"iris_income": 12395},
        "filosofi_iris_2021": {"iris_income": 16026},
        "iris_contours": {"iris": 992, "contours": 992},
        "presidential_2022_t1_long": {"bureau_results": 836184},
        "presidential_2022_t2": {"bureau_results": 139364},
        "legislative_2024_t1_long": {"bureau_results": 464441},
        "legislative_2024_t2": {"bureau_results": 133107},
        "reu_addresses_2022": {"reu_addresses": 12335, "bureaux": 31},
    }


def test_elections_sum_up_to_the_country(loaded):
    reports, _ = loaded
    measured = {name: report.control_totals for name, report in reports.items() if "_t" in name and report.rows}
    assert len(measured) == 4
    for totals in measured.values():
        assert totals
        assert all(total.found == total.expected for total in totals)
    totals = {item.measure: (item.found, item.expected) for item in reports["presidential_2022_t2"].control_totals}
    assert totals == {
        "bureaux": (69682, 69682),
        "registered": (48752339, 48752339),
        "votes of MACRON": (18768639, 18768639),
        "votes of LE PEN": (13288686, 13288686),
    }


def test_empty_bureaux_and_strange_codes_are_there(loaded):
    _, connection = loaded
    second_round = "from bureau_results where election = 'PRES2022' and round = 2"
    bureaux = f"(select distinct bureau_code, registered, valid_votes {second_round})"
    empty = connection.execute(
        f"select count(*) filter (registered = 0), count(*) filter (valid_votes = 0) from {bureaux}"
    ).fetchone()
    assert empty == (11, 97)
    strange = "('75056_JUS1', '14118_01.1', '67482_601A', '97101_0001', 'ZZ001_0001', 'ZX701_0001')"
    codes = connection.execute(f"select count(*) from {bureaux} where bureau_code in {strange}").fetchone()
    assert codes == (6,)


def test_every_address_of_the_roll_votes_in_a_bureau_of_the_presidential_round(loaded):
    """README §1 B: 12,335 rows of three communes of Finistère, 31 bureaux, all of them in the results."""
    _, connection = loaded
    told = connection.execute(
        """
        with voted as (select distinct bureau_code from bureau_results where election = 'PRES2022' and round = 1)
        select count(*), count(voted.bureau_code), count(distinct voted.bureau_code), count(distinct commune_code)
        from reu_addresses left join voted using (bureau_code)
        """
    ).fetchone()
    assert told == (12335, 12335, 31, 3)


def test_every_code_since_1943_is_a_commune_of_today(loaded):
    """The file of all communes since 1943 is not read: it says whether the movements were followed to their ends."""
    _, connection = loaded
    file = OPEN_DATA / "cog" / "v_commune_depuis_1943.csv"
    known = "select known_code, count(distinct commune_code) as communes from commune_names group by all"
    told = connection.execute(
        f"""
        select count(distinct COM), count(distinct known_code), count(distinct known_code) filter (communes > 1)
        from read_csv('{file}', all_varchar = true) left join ({known}) on COM = known_code
        """
    ).fetchone()
    assert told[0] == told[1] > 39000
    assert told[2] == 8


def test_withheld_medians_keep_their_reason(loaded):
    _, connection = loaded
    reasons = connection.execute(
        "select missing_reason, count(*) from iris_income where vintage = '2021' group by 1 order by 1"
    ).fetchall()
    assert dict(reasons) == {None: 16026 - 1209 - 327, "ns": 1209, "nd": 327}
    assert connection.execute(
        "select count(*) from iris_income where (median_euros is null) <> (missing_reason is not null)"
    ).fetchone() == (0,)


def test_the_faubourg_chain(loaded):
    """5,340 addresses: bureau of both maps, results, IRIS, income, as the README counts them."""
    _, connection = loaded
    points = connection.execute(f"select address_id, lon, lat from ban_addresses where {FAUBOURG}").fetchnumpy()
    assert len(points["address_id"]) == 5340
    connection.execute("create temp table found (address_id varchar, layer varchar, code varchar)")
    for kind, map_name, layer in (("bureau", "2022", "old"), ("bureau", "2026", "new"), ("iris", "2013", "iris")):
        contours = connection.execute(
            "select code, wkb from contours where kind = ? and map = ?", [kind, map_name]
        ).to_arrow_table()
        hits = ContourIndex(contours["wkb"].to_pylist()).locate(points["lon"], points["lat"])
        codes = contours["code"].to_pylist()
        rows = zip(points["address_id"][hits.points].tolist(), hits.contours.tolist(), strict=True)
        connection.executemany(
            "insert into found values (?, ?, ?)", [(address, layer, codes[place]) for address, place in rows]
        )
    twice = connection.execute(
        "select count(*) from (select 1 from found group by address_id, layer having count(*) > 1)"
    )
    assert twice.fetchone() == (0,)
    chain = connection.execute(
        """
        with chain as (
            select points.address_id, old.code as old_bureau, new.code as new_bureau, iris.code as iris,
                results.bureau_code, income.median_euros
            from (select address_id from found group by all) as points
            left join found as old on points.address_id = old.address_id and old.layer = 'old'
            left join found as new on points.address_id = new.address_id and new.layer = 'new'
            left join found as iris on points.address_id = iris.address_id and iris.layer = 'iris'
            left join (select distinct bureau_code from bureau_results where election = 'PRES2022' and round = 2)
                as results on old.code = results.bureau_code
            left join iris_income as income on iris.code = income.iris_code and income.vintage = '2021'
        ),
        complete as (
            select * from chain
            where bureau_code is not null and new_bureau is not null and median_euros is not null
        )
        select count(old_bureau), count(bureau_code), count(new_bureau), count(iris), count(median_euros),
            (select count(*) from complete), (select count(distinct old_bureau) from complete),
            (select count(distinct iris) from complete)
        from chain
        """
    ).fetchone()
    assert chain == (5309, 5309, 5340, 5340, 4889, 4862, 42, 38)
