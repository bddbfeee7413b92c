"""The message linter, the price by parts, and a STOP in every written form."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sends.gateways.settings import read_gateway
from sends.inbound.replies import read_meaning
from sends.ledger.replies import Meaning
from sends.orders.elections import read_elections
from sends.orders.order import AgreedPrice
from sends.orders.price import PriceList, count_parts, quote_sms, read_price_list
from sends.orders.sponsors import read_sponsor
from sends.rules.message import final_text, sender_findings, text_findings
from sends.rules.rulebook import read_rulebook
from sends.rules.sponsor_rules import sponsor_findings
from terms.errors import UsageError
from terms.reasons import Profile
from terms.settings import PROJECT_ROOT

CONFIG = PROJECT_ROOT / "config"
BOOK = read_rulebook(CONFIG / "rules" / "orders")
RULES = BOOK.under(Profile.STRICT, date(2027, 3, 16))
GATEWAY = read_gateway(CONFIG / "gateways", "simulator")
SPONSOR = read_sponsor(CONFIG / "sponsors", "horizon")
ELECTION = read_elections(CONFIG / "elections")["PRES2027"]
GOOD = (
    "Parti de l'Horizon : reunion jeudi. Pub. politique. Parraineur: Parti de l'Horizon."
    " Avis: https://avis.example/n1 Origine: https://origine.example/k1 STOP 36111"
)


def codes(text, on=date(2027, 3, 16), gateway=GATEWAY):
    return [item.code for item in text_findings(text, SPONSOR, gateway, ELECTION, on, RULES)]


def test_a_whole_text_has_no_finding():
    assert codes(GOOD) == []
    assert codes(GOOD.replace("'", "\u2019").replace("reunion", "réunion").upper().replace("HTTPS", "https")) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("STOP 36111", "", ["NO_STOP"]),
        ("STOP 36111", "STOP 36222", ["NO_STOP"]),
        ("STOP 36111", "STOP36111", []),
        ("STOP 36111", "STOPPEZ 36111", ["NO_STOP"]),
        ("Pub. politique", "Publicité à caractère politique", []),
        ("STOP 36111", "STOP 38111", ["WRONG_SHORT_CODE", "NO_STOP"]),
        ("Parti de l'Horizon", "Le parti", ["NO_SPONSOR"]),
        ("Origine: https://origine.example/k1", "Origine: sur demande", ["NO_ORIGIN"]),
        ("Pub. politique", "Publication", ["NO_TTPA_LABEL"]),
        ("Avis: https://avis.example/n1", "", ["NO_TTPA_LABEL"]),
        ("reunion jeudi", "appelez le 0 800 123 456", ["FREE_NUMBER_L50_1"]),
        ("reunion jeudi", "appelez le +33 805 12 34 56", ["FREE_NUMBER_L50_1"]),
        ("reunion jeudi", "appelez le 0 810 123 456", []),
    ],
)
def test_what_a_text_lacks_is_named(old, new, expected):
    assert codes(GOOD.replace(old, new)) == expected


def test_a_free_number_outside_the_campaign_period_is_no_matter():
    assert codes(GOOD.replace("reunion", "0800123456"), on=date(2026, 9, 30)) == []


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("HORIZON27", []),
        ("HORIZONPOUR", []),
        ("36123", []),
        ("HORIZONPOUR1", ["SENDER_FORMAT"]),
        ("VOTE-2027", ["SENDER_FORMAT"]),
        ("0639980000", ["SENDER_NUMERIC"]),
        ("+33639980000", ["SENDER_NUMERIC"]),
        ("38123", ["WRONG_SHORT_CODE"]),
        ("Info", ["SENDER_GENERIC"]),
        ("IMPOTS", ["SENDER_PROTECTED"]),
    ],
)
def test_senders(sender, expected):
    assert [item.code for item in sender_findings(sender, GATEWAY, RULES)] == expected


def test_a_sponsor_signs_its_declaration_first():
    assert sponsor_findings(SPONSOR, ELECTION, 1, date(2026, 9, 10), RULES) == ()
    assert [item.code for item in sponsor_findings(SPONSOR, ELECTION, 1, date(2026, 9, 9), RULES)] == ["NO_DECLARATION"]
    assert sponsor_findings(SPONSOR, ELECTION, 2, date(2027, 4, 20), RULES) == ()
    eliminated = replace(SPONSOR, qualified_for_round_2=False)
    assert [item.code for item in sponsor_findings(eliminated, ELECTION, 2, date(2027, 4, 20), RULES)] == [
        "SPONSOR_ELIMINATED"
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é" * 160, 1),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # a two-unit character may not straddle two parts
    ],
)
def test_parts_follow_the_real_alphabet(text, parts):
    assert count_parts(text) == parts


@given(st.text(alphabet="aé€ê[", max_size=700))
def test_parts_equal_plain_arithmetic(text):
    is_gsm = "ê" not in text
    sizes = [2 if letter in "€[" and is_gsm else 1 for letter in text]
    single, multi = (160, 153) if is_gsm else (70, 67)
    if sum(sizes) <= single:
        assert count_parts(text) == 1
        return
    parts, room = 1, multi
    for size in sizes:
        if size > room:
            parts, room = parts + 1, multi
        room -= size
    assert count_parts(text) == parts


def test_the_price_is_the_lists_on_the_final_text():
    prices = read_price_list(CONFIG / "prices", date(2026, 11, 24))
    quote = quote_sms("a" * 161, prices, AgreedPrice())
    assert (quote.parts, quote.unit_price_cents, quote.total_cents(300)) == (2, 17, 5100)
    with pytest.raises(UsageError, match="goes to 4"):
        quote_sms("a" * 800, prices, AgreedPrice())
    with pytest.raises(UsageError, match="No price list"):
        read_price_list(CONFIG / "prices", date(2026, 8, 31))
    assert isinstance(prices, PriceList)


def test_an_appended_stop_line_is_part_of_the_final_text():
    appending = replace(GATEWAY, appends_stop_line=True)
    bare = GOOD.replace(" STOP 36111", "")
    assert codes(final_text(bare, appending), gateway=appending) == []
    assert final_text(bare, GATEWAY) == bare


@pytest.mark.parametrize(
    "text",
    ["STOP", "Stop svp", "ARRET", "arrêt", "« stop »", "stop 36179", "STOP36111", "S.T.O.P", "Arrêtez de m'écrire"]
    + ["Arrête !", "stopper", "stoppez", "désabonnement", "  'stop'", "STOPPP", "ne plus recevoir", "ＳＴＯＰ"]
    + ["St0p", "S\u200bTOP", "oui stop", "\u201cStop\u201d.", "ARRÊT SVP"],
)
def test_a_stop_is_read_however_it_is_written(text):
    assert read_meaning(text) is Meaning.STOP


@pytest.mark.parametrize(
    "text",
    ["Bonjour, à quelle heure est la réunion ?", "stoppage", "", "postop", "?"]
    + ["oui mais pas maintenant", "oui ?", "non", "Louis", "oui et non", "je ne suis pas d'accord", "ouistiti"],
)
def test_other_replies_are_neither_stop_nor_yes(text):
    assert read_meaning(text) is Meaning.OTHER


@pytest.mark.parametrize(
    "text",
    [
        "OUI",
        "oui",
        "Oui svp",
        "« Oui ! »",
        "O.U.I",
        "ouiii",
        "D’accord, merci",
        "Bonjour, oui",
        "J'ACCEPTE",
        "OUI 36111",
    ]
    + ["ok", "Oui, s'il vous plaît", "ＯＵＩ", "Je suis d'accord", "oui 👍", "'oui'", "Oui bien sûr"],
)
def test_a_yes_is_read_however_it_is_written(text):
    assert read_meaning(text) is Meaning.YES
