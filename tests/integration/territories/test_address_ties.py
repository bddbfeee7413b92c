"""Ties on real stores with the bundled commune: what is made, what is taken over, and what never leaves the vault.

Matching by words is tested in tests/unit, the partners' truth in tests/acceptance.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from open_data.load import Outcome, refresh_open_data
from open_data.sources import read_sources
from stores.engine import connect
from stores.home import Home
from stores.lake import reading_name
from stores.operations import database, delivery_tables
from stores.schemas.territory_tables import ADDRESS_TIES, BAN_ADDRESSES
from stores.schemas.vault_tables import ADDRESSES
from terms.clock import Clock
from territories.tie import current_ties, tie_addresses
from tests.scenes.fresh_home import fresh_stores

ROOT = Path(__file__).resolve().parents[3]
CLOCK = Clock(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))


@pytest.fixture
def opened(tmp_path):
    """The stores of a home with the bundled commune loaded, and the vintage that serves of each source."""
    stores = fresh_stores(tmp_path / "home")
    sources = read_sources(ROOT / "config" / "open_data")
    reports = refresh_open_data(stores, ROOT / "sample" / "open_data", sources, CLOCK, lambda text: None)
    assert not [report for report in reports if report.outcome is Outcome.FAILED]
    serving = {report.source.source_id: report.serving for report in reports}
    return stores, serving


def load_city_map(opened, home, folder):
    """Load a second drawing of the commune for 2022, whose bureaux have codes of their own, and return its first."""
    stores, _ = opened
    drawn = (ROOT / "sample" / "open_data" / "maps" / "contours-bureaux-2022.geojson").read_text()
    (folder / "maps").mkdir()
    (folder / "maps" / "contours-bureaux-2022.geojson").write_text(re.sub(r"(_)0(\d{3})", r"\g<1>9\2", drawn))
    shipped = {source.source_id: source for source in read_sources(ROOT / "config" / "open_data")}
    city = replace(shipped["bureaux_2022_contours"], source_id="bureaux_2022_city", precedence=2)
    (report,) = refresh_open_data(stores, folder, [city], CLOCK, lambda text: None)
    assert report.outcome is Outcome.LOADED


def ban_rows(stores, serving, count):
    rows = connect().execute(
        f"select number || coalesce(' ' || suffix, '') || ' ' || street, postcode, commune_label, address_id"
        f" from ({stores.lake.sql(BAN_ADDRESSES, [serving['ban']])})"
        " where number is not null order by hash(address_id) limit ?",
        [count],
    )
    return rows.fetchall()


def deliver(stores, delivery_id, addresses):
    """Write one accepted delivery whose vault holds these (key, street, postcode, city) addresses."""
    connection = connect()
    stores.vault.unlock(connection)
    connection.execute("create table a (address_key varchar, street varchar, postcode varchar, city varchar)")
    if addresses:
        connection.executemany("insert into a values (?, ?, ?, ?)", addresses)
    stores.vault.write(connection, ADDRESSES, reading_name(delivery_id, 1), "select *, 'FR' as country from a")
    row = {"delivery_id": delivery_id, "partner_id": "p", "feed_id": "f", "kind": "optins", "mode": "delta"}
    row |= {"file_name": f"{delivery_id}.csv", "sha256": "0" * 64, "bytes": 1, "outcome": "accepted", "reading": 1}
    row |= {"exported_at": 1, "arrived_at": 1, "taken_in_at": 1, "warnings_json": "[]"}
    with database.transaction(stores.engine) as transaction:
        database.insert_once(transaction, delivery_tables.deliveries, [row])


def tie(stores):
    return tie_addresses(stores, lambda text: None)


def ties(stores, report):
    cursor = connect().execute(stores.lake.sql(ADDRESS_TIES, [report.ties_sha256]))
    names = [column[0] for column in cursor.description]
    return {(row[0], row[1]): dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def test_delivered_addresses_get_their_bureau_of_every_map_and_their_iris(opened):
    stores, serving = opened
    rows = ban_rows(stores, serving, 40)
    deliver(
        stores, "d1", [(f"k{n}", street.upper(), postcode, city) for n, (street, postcode, city, _) in enumerate(rows)]
    )
    report = tie(stores)
    assert report.maps == ("2022", "2026")
    assert (report.addresses, report.matched_now, report.kinds) == (40, 40, {"exact": 40})
    assert report.with_bureau == {"2022": 40, "2026": 40}
    assert report.with_iris == 40
    found = ties(stores, report)
    assert {key: row["address_id"] for key, row in found.items()} == {
        (f"k{n}", map_name): row[3] for n, row in enumerate(rows) for map_name in ("2022", "2026")
    }
    assert all(row["bureau_code"][:6] == f"{row['commune_code']}_" for row in found.values())
    assert {row["tied_by"] for row in found.values()} == {"contour"}


ROLL = "code_commune_ref,id_brut_bv_reu,id,geo_type,geo_score,longitude,latitude,nb_adresses\n"


def load_roll(stores, home, folder, lines, bureaux=()):
    """Load a table of the roll, and one of its bureaux where pairs (roll, ministry) are given."""
    (folder / "reu").mkdir()
    (folder / "reu" / "table-adresses-reu.csv").write_text(ROLL + "".join(f"48901,{line}\n" for line in lines))
    shipped = {source.source_id: source for source in read_sources(ROOT / "config" / "open_data")}
    sources = [shipped["reu_addresses_2022"]]
    if bureaux:
        columns = shipped["reu_bureaux_2022"].columns
        rows = [{"id_brut_bv_reu": one, "id_brut_miom": other} for one, other in bureaux]
        text = [",".join(columns), *(",".join(row.get(name, "") for name in columns) for row in rows)]
        (folder / "reu" / "table-bv-reu.csv").write_text("\n".join(text) + "\n")
        sources.append(shipped["reu_bureaux_2022"])
    reports = refresh_open_data(stores, folder, sources, CLOCK, lambda _: None)
    assert {report.outcome for report in reports} == {Outcome.LOADED}


def placed(stores, serving, count):
    """Return (street, postcode, city, BAN id, lon, lat) of some houses, every one of another point."""
    sql = stores.lake.sql(BAN_ADDRESSES, [serving["ban"]])
    return (
        connect()
        .execute(
            "select number || coalesce(' ' || suffix, '') || ' ' || street, postcode, commune_label, address_id, lon, lat"
            f" from ({sql}) order by hash(address_id) limit ?",
            [count],
        )
        .fetchall()
    )


def test_the_roll_goes_before_the_contours_by_id_then_by_point(opened, tmp_path):
    stores, serving = opened
    rows = placed(stores, serving, 6)
    deliver(stores, "d1", [(f"k{n}", *row[:3]) for n, row in enumerate(rows)])
    lines = [
        f"48901_901,{rows[0][3].upper()},housenumber,0.97,,,3",  # by id
        f"48901_902,,housenumber,0.97,{rows[1][4]},{rows[1][5]},1",  # by point
        f"48901_903,{rows[2][3]},housenumber,0.4,,,1",  # geocoded badly
        f"48901_904,{rows[3][3]},street,0.97,,,1",  # of no house
        f"48901_905,{rows[4][3]},housenumber,0.97,,,1",  # two bureaux, as many addresses
        f"48901_906,{rows[4][3]},housenumber,0.97,,,1",
    ]
    load_roll(stores, Home(tmp_path / "home"), tmp_path, lines, [("48901_901", "48901_0777")])
    found = ties(stores, tie(stores))
    told = {key: (row["bureau_code"], row["tied_by"]) for (key, map_name), row in found.items() if map_name == "2022"}
    assert told["k0"] == ("48901_0777", "reu_table")
    assert told["k1"] == ("48901_0902", "reu_table")
    assert {told[key][1] for key in ("k2", "k3", "k5")} == {"contour"}
    assert told["k4"] == (None, "reu_table")
    assert [item["weight"] for item in found["k4", "2022"]["candidates"]] == [0.5, 0.5]
    assert {row["tied_by"] for (_, map_name), row in found.items() if map_name == "2026"} == {"contour"}


def test_an_address_of_two_bureaux_states_the_one_that_almost_all_of_it_votes_in(opened, tmp_path):
    stores, serving = opened
    (row,) = placed(stores, serving, 1)
    deliver(stores, "d1", [("k", *row[:3])])
    lines = [f"48901_901,{row[3]},housenumber,0.97,,,19", f"48901_902,{row[3]},housenumber,0.97,,,1"]
    load_roll(stores, Home(tmp_path / "home"), tmp_path, lines)
    found = ties(stores, tie(stores))["k", "2022"]
    assert (found["bureau_code"], found["tied_by"]) == ("48901_0901", "reu_table")
    assert found["candidates"] == [
        {"bureau_code": "48901_0901", "weight": 0.95},
        {"bureau_code": "48901_0902", "weight": 0.05},
    ]


def test_of_two_drawings_of_a_commune_the_first_one_serves(opened, tmp_path):
    stores, serving = opened
    rows = ban_rows(stores, serving, 10)
    deliver(stores, "d1", [(f"k{n}", street, postcode, city) for n, (street, postcode, city, _) in enumerate(rows)])
    load_city_map(opened, Home(tmp_path / "home"), tmp_path)
    report = tie(stores)
    assert report.with_bureau == {"2022": 10, "2026": 10}
    codes = {row["bureau_code"][6] for (_, map_name), row in ties(stores, report).items() if map_name == "2022"}
    assert codes == {"9"}


def test_the_same_readings_and_vintages_are_no_work(opened):
    stores, serving = opened
    deliver(stores, "d1", [("k", *ban_rows(stores, serving, 1)[0][:3])])
    assert current_ties(stores.engine, stores.lake) is None
    first = tie(stores)
    assert current_ties(stores.engine, stores.lake) == first.ties_sha256
    path = stores.lake.path(ADDRESS_TIES, first.ties_sha256)
    made = path.stat().st_mtime_ns
    again = tie(stores)
    assert (again.ties_sha256, again.matched_now, again.kinds) == (first.ties_sha256, 0, first.kinds)
    assert path.stat().st_mtime_ns == made


def test_a_new_delivery_ties_its_own_addresses_only(opened):
    stores, serving = opened
    rows = ban_rows(stores, serving, 5)
    deliver(stores, "d1", [(f"k{n}", *row[:3]) for n, row in enumerate(rows[:3])])
    first = tie(stores)
    deliver(stores, "d2", [(f"k{n}", *row[:3]) for n, row in enumerate(rows)])
    second = tie(stores)
    assert second.ties_sha256 != first.ties_sha256
    assert (second.addresses, second.matched_now) == (5, 2)
    assert ties(stores, first).items() <= ties(stores, second).items()


def test_ties_taken_over_are_those_that_matching_anew_would_give(opened):
    stores, serving = opened
    rows = ban_rows(stores, serving, 6)
    deliver(stores, "d1", [(f"k{n}", *row[:3]) for n, row in enumerate(rows[:3])])
    first = tie(stores)
    deliver(stores, "d2", [(f"k{n}", *row[:3]) for n, row in enumerate(rows)])
    with_reuse = tie(stores)
    expected = ties(stores, with_reuse)
    for report in (first, with_reuse):
        stores.lake.path(ADDRESS_TIES, report.ties_sha256).unlink()
    anew = tie(stores)
    assert anew.matched_now == 6
    assert ties(stores, anew) == expected


def test_an_address_that_is_delivered_no_more_is_not_taken_over(opened):
    stores, serving = opened
    rows = ban_rows(stores, serving, 2)
    deliver(stores, "d1", [(f"k{n}", *row[:3]) for n, row in enumerate(rows)])
    tie(stores)
    deliver(stores, "d2", [("k0", *rows[0][:3])])
    with database.transaction(stores.engine) as transaction:
        held = delivery_tables.deliveries.update().where(delivery_tables.deliveries.c.delivery_id == "d1")
        transaction.execute(held.values(outcome="held"))
    report = tie(stores)
    assert (report.addresses, report.matched_now) == (1, 0)


def test_an_address_without_its_number_states_no_bureau_and_keeps_candidates(opened):
    stores, serving = opened
    street, postcode, city, _ = ban_rows(stores, serving, 1)[0]
    deliver(stores, "d1", [("k", "9999 " + street.split(" ", 1)[1], postcode, city)])
    row = ties(stores, tie(stores))["k", "2026"]
    assert (row["match_kind"], row["address_id"], row["bureau_code"], row["iris_code"]) == ("street", None, None, None)
    assert row["match_confidence"] == 0.0
    assert sum(item["weight"] for item in row["candidates"]) == pytest.approx(1.0, abs=0.01)


def test_no_delivery_gives_an_empty_file(opened):
    stores, _ = opened
    report = tie(stores)
    assert (report.addresses, report.kinds) == (0, {})


def test_street_text_does_not_leave_the_vault(opened):
    """Positive control: the same search finds the street in BAN's own public file."""
    stores, serving = opened
    street, postcode, city, _ = ban_rows(stores, serving, 1)[0]
    deliver(stores, "d1", [("k", f"{street} Escalier Zanzibar", postcode, city)])
    report = tie(stores)
    name = street.split()[-1]
    cells = [str(cell) for row in ties(stores, report).values() for cell in row.values()]
    assert not [cell for cell in cells if name in cell or "Zanzibar" in cell]
    public = connect().execute(stores.lake.sql(BAN_ADDRESSES, [serving["ban"]])).fetchall()
    assert [row for row in public if name in str(row)]
    on_disk = [path for path in stores.lake.path(ADDRESS_TIES, "").parent.rglob("*") if path.is_file()]
    assert on_disk
    assert not [path for path in on_disk if b"Zanzibar" in path.read_bytes()]
