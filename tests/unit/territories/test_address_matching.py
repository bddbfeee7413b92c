"""Matching of delivered addresses against a tiny invented BAN, case by case.

Real rows and the partners' truth are tested in tests/acceptance.
"""

import pytest

from stores.engine import connect_for_few
from territories.addresses import STATED_FROM, match_addresses
from territories.calibration import read_confidences

SURE = read_confidences()
#: address_id, number, suffix, street, postcode, commune_code, commune_label
BAN = [
    ("k12", 12, None, "Rue Keller", "75011", "75111", "Paris 11e Arrondissement"),
    ("k12b", 12, "b", "Rue Keller", "75011", "75111", "Paris 11e Arrondissement"),
    ("k14", 14, None, "Rue Keller", "75011", "75111", "Paris 11e Arrondissement"),
    ("k16t", 16, "ter", "Rue Keller", "75011", "75111", "Paris 11e Arrondissement"),
    ("f33", 33, None, "Rue du Faubourg Saint-Antoine", "75011", "75111", "Paris 11e Arrondissement"),
    ("f34", 34, None, "Rue du Faubourg Saint-Antoine", "75012", "75112", "Paris 12e Arrondissement"),
    ("s5", 5, None, "Rue Saint", "75012", "75112", "Paris 12e Arrondissement"),
    ("sa7", 7, None, "Rue Saint-Antoine", "75012", "75112", "Paris 12e Arrondissement"),
    ("m3", 3, None, "Place du Marché", "48900", "48901", "Valombre"),
    ("m3x", 3, None, "Place du Marché", "48900", "48902", "Autreval"),
    ("e9", 9, None, "Rue de l'Église", "48900", "48902", "Autreval"),
    ("d1", 1, None, "Rue Double", "75012", "75112", "Paris 12e Arrondissement"),
    ("d2", 1, None, "R. Double", "75012", "75112", "Paris 12e Arrondissement"),
    ("v8", 8, None, "Rue du Puits", "48900", "48901", "Valombre"),
    ("g1", 1, None, "Rue des Gravilliers", "75011", "75111", "Paris 11e Arrondissement"),
    ("p2", 2, None, "Place du 8 mai 1945", "48900", "48901", "Valombre"),
    ("p2r", 2, None, "Rue du 19 mars", "48900", "48901", "Valombre"),
    ("p2y", 2, None, "Rue du 19 mars 1962", "48900", "48901", "Valombre"),
]
#: The same with former_code and former_label: two houses of one name in two parts of a merged commune.
MERGED_BAN = [
    ("w4", 4, None, "Rue du Lavoir", "48900", "48901", "Valombre", "48777", "Vieuxbourg"),
    ("w4h", 4, None, "Rue du Lavoir", "48900", "48901", "Valombre", "48778", "Hautebourg"),
    ("w6", 6, None, "Rue du Lavoir", "48900", "48901", "Valombre", "48777", "Vieuxbourg"),
]
COMMUNES = [
    ("75111", "75011", "Paris 11e Arrondissement"),
    ("75112", "75012", "Paris 12e Arrondissement"),
    ("48901", "48900", "Valombre"),
    ("48902", "48900", "Autreval"),
    ("98818", "98800", "Nouméa"),
]
#: known_code, label, commune_code: Vieuxbourg and Hautebourg are parts of Valombre, Fendu was divided.
NAMES = [
    ("48901", "Valombre", "48901"),
    ("48777", "Vieuxbourg", "48901"),
    ("48778", "Hautebourg", "48901"),
    ("48779", "Fendu", "48901"),
    ("48779", "Fendu", "48902"),
]


def matched(addresses, ban=BAN):
    """Match addresses (key, street, postcode, city, country) against BAN rows and return the connection."""
    connection = connect_for_few()
    connection.execute(
        "create temp table ban (address_id varchar, number integer, suffix varchar, street varchar, postcode varchar,"
        " commune_code varchar, commune_label varchar, former_code varchar, former_label varchar)"
    )
    connection.executemany("insert into ban values (?, ?, ?, ?, ?, ?, ?, null, null)", ban)
    connection.executemany("insert into ban values (?, ?, ?, ?, ?, ?, ?, ?, ?)", MERGED_BAN)
    connection.execute("create temp table commune_names (known_code varchar, label varchar, commune_code varchar)")
    connection.executemany("insert into commune_names values (?, ?, ?)", NAMES)
    connection.execute("create temp table communes (commune_code varchar, postcode varchar, label varchar)")
    connection.executemany("insert into communes values (?, ?, ?)", COMMUNES)
    connection.execute(
        "create temp table delivered (address_key varchar, street varchar, postcode varchar, city varchar, country varchar)"
    )
    connection.executemany("insert into delivered values (?, ?, ?, ?, ?)", addresses)
    match_addresses(connection)
    return connection


def match(street, postcode="75011", city="Paris", country="FR", beside=None):
    """Match one address (`beside` another one) and return kind, BAN id, commune, confidence and candidates."""
    others = [("other", *beside, "FR")] if beside else []
    connection = matched([("key", street, postcode, city, country), *others])
    kind, address_id, commune, sure = connection.execute(
        "select match_kind, address_id, commune_code, match_confidence::double from matches where address_key = 'key'"
    ).fetchone()
    candidates = {
        row[0]: row[1]
        for row in connection.execute(
            "select address_id, weight from candidate_rows where address_key = 'key'"
        ).fetchall()
    }
    connection.close()
    return kind, address_id, commune, sure, candidates


@pytest.mark.parametrize(
    ("street", "address_id"),
    [
        ("12 rue Keller", "k12"),
        ("12, R. KELLER 3e étage", "k12"),
        ("12bis rue Keller", "k12b"),
        ("12 B, rue Keller", "k12b"),
        ("16 t r keller", "k16t"),
        ("12-14 rue Keller", "k12"),
        ("N° 14 rue Keller", "k14"),
        ("33 R DU FBG ST-ANTOINE\nBât C", "f33"),
    ],
)
def test_the_same_words_are_the_same_address(street, address_id):
    assert match(street)[:4] == ("exact", address_id, "75111", SURE["exact"])


def test_a_last_number_is_a_flat_unless_a_street_is_named_after_it():
    meant = {
        "2 place du 8 mai 1945": "p2",
        "2 pl. du 8 mai 1945 appt 12": "p2",
        "2 rue du 19 mars 1962": "p2y",
        "2 rue du 19 mars": "p2r",
        "2 rue du 19 mars appt 7": "p2r",
        "(2) rue du 19 mars, 41": "p2r",
    }
    connection = matched([(street, street, "48900", "Valombre", "FR") for street in meant])
    assert dict(connection.execute("select address_key, address_id from matches").fetchall()) == meant


def test_addresses_that_say_the_same_but_the_number_each_have_their_own():
    streets = {"a": "12 rue Keller", "b": "14 rue Keller", "c": "12bis rue Keller", "d": "12 rue Keller, appt 3"}
    connection = matched([(key, street, "75011", "Paris", "FR") for key, street in streets.items()])
    found = dict(connection.execute("select address_key, address_id from matches").fetchall())
    assert found == {"a": "k12", "b": "k14", "c": "k12b", "d": "k12"}


def test_streets_are_numbered_in_their_order_whatever_the_order_of_rows():
    address = ("key", "rue Keller", "75011", "Paris", "FR")
    numbered = [
        matched([address], ban).execute("select street_id, postcode, street from streets order by all").fetchall()
        for ban in (BAN, BAN[::-1])
    ]
    assert numbered[0] == numbered[1]
    assert len({street_id for street_id, _, _ in numbered[0]}) == len(numbered[0]) > 5


def test_another_arrondissement_is_forgiven_and_less_sure():
    assert match("34 rue du Faubourg Saint-Antoine", "75011") == (
        "exact",
        "f34",
        "75112",
        SURE["exact, another postcode"],
        {},
    )


def test_the_longest_street_name_is_the_street():
    """Number 5 exists in Rue Saint only: what follows is not a building but the name of another street."""
    kind, address_id, commune, _, candidates = match("5 rue Saint Antoine", "75012")
    assert (kind, address_id, commune) == ("street", None, "75112")
    assert candidates == {"sa7": 1.0}


def test_a_town_of_the_same_name_in_another_department_is_not_meant():
    assert match("8 rue du Puits", "48999", "Valombre")[:2] == ("exact", "v8")
    beside = ("8 rue du Puits", "48900", "Valombre")
    assert match("8 rue du Puits", "75011", "Valombre", beside=beside)[:2] == ("commune", None)


@pytest.mark.parametrize(("city", "address_id", "commune"), [("Valombre", "m3", "48901"), ("AUTREVAL", "m3x", "48902")])
def test_the_town_decides_within_a_postcode(city, address_id, commune):
    assert match("3 place du Marché", "48900", city)[:3] == ("exact", address_id, commune)


def test_a_street_of_the_other_commune_is_not_meant():
    assert match("9 rue de l'Église", "48900", "Valombre") == ("commune", None, "48901", 0.0, {})


def test_without_a_town_two_communes_stay_open():
    kind, address_id, commune, sure, candidates = match("3 place du Marché", "48900", None)
    assert (kind, address_id, commune, sure) == ("street", None, None, 0.0)
    assert candidates == {"m3": 0.5, "m3x": 0.5}


def test_two_rows_of_one_address_settle_nothing():
    kind, address_id, _, _, candidates = match("1 rue Double", "75012")
    assert (kind, address_id, candidates) == ("street", None, {"d1": 0.5, "d2": 0.5})


@pytest.mark.parametrize(
    ("street", "address_id", "likeness"),
    [
        ("1 rue des Gravillers", "g1", "near, a letter of a long name"),
        ("1 rue Gravilliers", "g1", "near, articles"),
        ("1 rue dse Gravilliers", "g1", "near, two letters of a long name"),
        ("1 rue des Gravilers", "g1", "near, two letters of a long name"),
        ("14 rue Keler", "k14", "near, a letter of a short name"),
        ("14 Keller", "k14", "near, no type"),
        ("14 reu Keller", "k14", "near, type misspelt"),
    ],
)
def test_almost_the_same_words_are_near_and_as_sure_as_was_measured(street, address_id, likeness):
    kind, found, _, sure, _ = match(street)
    assert (kind, sure) == ("near", SURE[likeness])
    assert found == (address_id if sure >= STATED_FROM else None)


@pytest.mark.parametrize(
    "street", ["Appt 14, 12 rue Keller", "Chez Mme Martin 12 r. Keller bât B", "3e étage 12 rue Keller"]
)
def test_a_line_before_the_number_is_left_out(street):
    assert match(street)[:4] == ("exact", "k12", "75111", SURE["exact, after a line"])


def test_without_a_postcode_the_city_is_searched():
    assert match("34 rue du Faubourg Saint-Antoine", "")[:2] == ("exact", "f34")
    assert match("3 place du Marché", "", "Valombre")[:2] == ("exact", "m3")
    assert match("3 place du Marché", "", "")[:2] == ("none", None)


def test_a_likeness_that_was_never_measured_is_not_stated(monkeypatch):
    monkeypatch.setattr("territories.addresses.read_confidences", lambda: {"exact": 0.99})
    kind, address_id, commune, sure, candidates = match("1 rue des Gravillers")
    assert (kind, address_id, commune, candidates) == ("near", None, "75111", {"g1": 1.0})
    assert sure < STATED_FROM


@pytest.mark.parametrize("street", ["12 impasse Keller", "12 rue Kaliber", "12 rue des Trois Sirènes", "99999999"])
def test_another_street_is_no_match(street):
    assert match(street)[:3] == ("commune", None, "75111")


@pytest.mark.parametrize("street", ["rue Keller", "186 rue Keller", "R. KELLER Résidence Les Lilas"])
def test_a_street_without_its_number_keeps_its_houses_as_candidates(street):
    kind, address_id, commune, _, candidates = match(street)
    assert (kind, address_id, commune) == ("street", None, "75111")
    assert candidates == {"k12": 0.25, "k12b": 0.25, "k14": 0.25, "k16t": 0.25}


@pytest.mark.parametrize(("city", "address_id"), [("Vieuxbourg", "w4"), ("HAUTEBOURG", "w4h")])
def test_the_old_name_of_a_commune_says_which_part_is_meant(city, address_id):
    assert match("4 rue du Lavoir", "48900", city)[:3] == ("exact", address_id, "48901")
    assert match("4 r. du Lavoire", "48900", city)[:2] == ("near", address_id)


def test_the_new_name_leaves_houses_of_several_parts_open():
    kind, address_id, commune, _, candidates = match("4 rue du Lavoir", "48900", "Valombre")
    assert (kind, address_id, commune, candidates) == ("street", None, "48901", {"w4": 0.5, "w4h": 0.5})
    assert match("6 rue du Lavoir", "48900", "Valombre")[:2] == ("exact", "w6")


def test_an_old_name_with_another_postcode_of_the_department_is_known():
    assert match("6 rue du Lavoir", "48999", "Vieuxbourg")[:3] == ("exact", "w6", "48901")


def test_the_name_of_a_divided_commune_settles_none():
    assert match("8 rue du Trou", "48900", "Fendu")[:3] == ("none", None, None)


@pytest.mark.parametrize("country", ["BE", "DE", "BELGIQUE", "MC"])
def test_abroad_has_no_commune(country):
    assert match("12 rue Keller", country=country) == ("none", None, None, 0.0, {})


@pytest.mark.parametrize("country", ["FR", "FRANCE", "NC", "Nouvelle-Calédonie", "", None])
def test_overseas_and_unsaid_are_france(country):
    assert match("10 rue du Lagon", "98800", "NOUMEA", country)[:3] == ("commune", None, "98818")


def test_unknown_postcode_has_no_commune():
    assert match("10 rue du Lagon", "00000", "Paris") == ("none", None, None, 0.0, {})


def test_nothing_but_a_postcode_still_has_a_commune():
    assert match(None, "75012", "")[:3] == ("commune", None, "75112")
