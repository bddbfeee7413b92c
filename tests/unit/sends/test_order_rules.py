"""Rules about an order at their limits: sponsor, payer, text, audience, STOP feed, invoice, changed bureaux.

Prices and calls are in test_price_rules, hours and blackouts in test_order_times, our own papers in
test_controller_rules.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sends.orders.order_file import read_order
from sends.orders.sponsors import Payer, PayerKind
from sends.rules.bureau_changes import BureauChange, BureauChangeKind, MapChange, ReservedBureau, change_findings
from sends.rules.invoice_rules import Addressee, InvoiceDetail, InvoiceStatement, invoice_findings
from sends.rules.message import community_findings
from sends.rules.order_rules import AudienceFacts, audience_findings, feed_findings, reveals_votes
from sends.rules.sponsor_rules import sponsor_findings
from terms.reasons import Decision
from tests.scenes.sends.shipped_rules import CONFIG, HORIZON, MARKET, PRES, STRICT, codes

ORDER = read_order(CONFIG / "campaigns" / "example-75111.yaml")


@pytest.mark.parametrize(
    ("established", "controlled", "on", "expected"),
    [
        ("CH", "CH", "2027-01-17", []),
        ("CH", "CH", "2027-01-18", ["THIRD_COUNTRY_SPONSOR"]),
        ("FR", "US", "2027-01-18", ["THIRD_COUNTRY_SPONSOR"]),
        ("GB", "FR", "2027-04-20", ["THIRD_COUNTRY_SPONSOR"]),
        ("NO", "NO", "2027-03-01", ["THIRD_COUNTRY_SPONSOR"]),
        ("DE", "IE", "2027-04-18", []),
        ("RE", "PF", "2027-04-18", []),
    ],
)
def test_nobody_from_outside_the_union_sponsors_in_the_three_months_before(established, controlled, on, expected):
    sponsor = replace(HORIZON, established_in=established, controlled_from=controlled)
    for rules in (STRICT, MARKET):
        assert codes(sponsor_findings(sponsor, PRES, 1, date.fromisoformat(on), rules)) == expected


@pytest.mark.parametrize(
    ("kind", "country", "expected"),
    [
        (PayerKind.COMPANY, "BE", ["FOREIGN_LEGAL_PERSON"]),
        (PayerKind.PARTY, "DE", ["FOREIGN_LEGAL_PERSON"]),
        (PayerKind.COMPANY, "FR", []),
        (PayerKind.COMPANY, "GP", []),
        (PayerKind.PERSON, "BE", []),
        (PayerKind.MANDATAIRE, "FR", []),
    ],
)
def test_no_foreign_legal_person_pays(kind, country, expected):
    sponsor = replace(HORIZON, payer=Payer("P", kind, country))
    assert codes(sponsor_findings(sponsor, PRES, 1, date(2026, 10, 1), STRICT)) == expected


def test_a_declaration_of_tomorrow_is_not_signed():
    sponsor = replace(HORIZON, declaration_signed_on=date(2027, 3, 17))
    assert codes(sponsor_findings(sponsor, PRES, 1, date(2027, 3, 16), STRICT)) == ["NO_DECLARATION"]
    assert sponsor_findings(sponsor, PRES, 1, date(2027, 3, 17), STRICT) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Message aux Français de confession juive",
        "À la communauté musulmane de Lyon",
        "Chers amis catholiques, votez",
        "aux électeurs d'origine maghrébine",
        "Juifs de France, soyons unis",
        "Musulmans, votez C1",
        "frères et sœurs musulmans",
        "Chrétiens d'Orient, C1 vous soutient",
        "Aïd Moubarak à tous",
        "Vous êtes chrétien ? Votez",
        "Français issus de l’immigration maghrébine",
        "la communauté LGBT",
        "Franco-algériens, votez",
        "Aux protestants d'Alsace",
        "communauté portugaise de Créteil",
        "ISRAÉLITES DE FRANCE : VOTEZ",
    ],
)
def test_a_text_that_speaks_to_a_community_is_found(text):
    assert codes(community_findings(text, "message.text", STRICT)) == ["COMMUNITY_ADDRESS"]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "Reunion publique, jeudi a 18 h, gymnase Japy.",
        "Réunion place de l'Église, communauté de communes du Pays",
        "Rendez-vous rue des Juifs, salle 3",
        "lycée catholique Saint-Jean à 18 h",
        "Temple protestant, 18 h",
        "communauté urbaine de Lyon",
        "Les Français de l'étranger",
        "Chers amis, chers voisins",
        "Défendons la laïcité",
    ],
)
def test_a_place_or_everybody_is_no_community(text):
    assert community_findings(text, "message.text", STRICT) == ()


@pytest.mark.parametrize(("cast", "share", "expected"), [(100, 0.9, False), (99, 0.2, True), (500, 0.9001, True)])
def test_a_tiny_or_nearly_unanimous_bureau_reveals_votes(cast, share, expected):
    assert reveals_votes(cast, share) is expected


def test_an_audience_is_large_enough_and_carries_no_column_of_its_own():
    assert (
        audience_findings(ORDER.audience, AudienceFacts(200, True, ()), STRICT) == ()
    )  # no bureau is chosen by its results
    found = audience_findings(ORDER.audience, AudienceFacts(199, False, ("vote_estimate",)), STRICT)
    assert codes(found) == ["SEGMENT_TOO_SMALL", "SPECIAL_CATEGORY_ATTRIBUTE"]
    assert "199" not in str(found)


@pytest.mark.parametrize(("seconds", "expected"), [(21599, []), (21600, ["STOP_FEED_STALE"])])
def test_a_silent_feed_of_stops_holds(seconds, expected):
    found = feed_findings(timedelta(seconds=seconds), STRICT)
    assert codes(found) == expected
    assert all(item.decision is Decision.HOLD for item in found)


def test_an_invoice_says_everything_and_goes_to_the_declared_agent():
    on, all_of_it = date(2027, 3, 16), frozenset(InvoiceDetail)
    sponsor = replace(HORIZON, mandataire_declared_on=on)
    for addressee in Addressee:
        found = codes(invoice_findings(InvoiceStatement(addressee, all_of_it), sponsor, on, STRICT))
        assert found == ([] if addressee is Addressee.MANDATAIRE else ["INVOICE_NOT_TO_MANDATAIRE"])
        not_yet = replace(sponsor, mandataire_declared_on=date(2027, 3, 17))
        assert invoice_findings(InvoiceStatement(addressee, all_of_it), not_yet, on, STRICT) == ()
    for detail in InvoiceDetail:
        found = invoice_findings(InvoiceStatement(Addressee.MANDATAIRE, all_of_it - {detail}), sponsor, on, STRICT)
        assert codes(found) == ["INVOICE_UNVERIFIABLE"]
        assert detail.value in found[0].message


def test_a_bureau_that_changed_since_it_was_reserved_is_looked_at():
    changes = [BureauChange("75056_1142", BureauChangeKind.SPLIT, date(2027, 3, 10))]

    def found(reserved_on, on=date(2027, 3, 16), bureau="75056_1142"):
        return codes(change_findings([ReservedBureau(bureau, reserved_on)], changes, (), on, STRICT))

    assert found(None) == found(date(2027, 3, 10)) == ["BUREAU_REMAPPED"]
    assert found(None, on=date(2027, 3, 9)) == found(date(2027, 3, 11)) == found(None, bureau="75056_1143") == []


def test_a_bureau_that_a_newer_map_changed_is_looked_at_if_it_was_reserved_on_the_older_one():
    for kind in BureauChangeKind:
        mapped = [MapChange("75056_1142", "2026", kind)]
        for held, expected in (
            (ReservedBureau("75056_1142", date(2027, 3, 16), "2026"), ["BUREAU_REMAPPED"]),
            (ReservedBureau("75056_1142", date(2027, 3, 16), "2027"), []),
            (ReservedBureau("75056_1143", date(2027, 3, 16), "2026"), []),
        ):
            assert codes(change_findings([held], (), mapped, date(2027, 3, 16), STRICT)) == expected
