"""The linter of texts: what it reads in French notices, what it does not take for a word, and what it says."""

import pytest

from consent.dossiers.dossiers import Notice, Recipient, notice_id_of
from consent.dossiers.notice_linter import Aspect, Fault, lint_notice

TEXT = (
    "J'accepte que Boutique Lys SARL transmette mon numéro de mobile à Contact Citoyen SAS, qui pourra m'envoyer par SMS "
    "et par message vocal la communication politique de partis, dont Parti Aube. Mon adresse, mon âge et mon sexe peuvent "
    "servir à choisir les messages. Je peux retirer mon accord en répondant STOP ou à contact@lys.test."
)
PARTIES = ("Boutique Lys SARL", "Contact Citoyen SAS")


def notice(text=TEXT, recipients=(), **declared):
    named = [("Contact Citoyen SAS", "controller"), ("Parti Aube", "sponsor"), *recipients]
    values = {
        "notice_id": notice_id_of(text),
        "language": "fr",
        "text": text,
        "recipients": tuple(Recipient(name, kind) for name, kind in named),
        "purposes": ("political",),
        "channels": ("sms", "voice"),
        "mentions_targeting": True,
        "targeting_by": ("address", "age", "sex"),
    }
    return Notice(**(values | declared))


def told(found):
    return {(item.aspect, item.fault, item.value) for item in found}


def test_a_text_that_says_what_is_declared_has_no_contradiction():
    assert lint_notice(notice(), PARTIES) == ()


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"channels": ("sms", "voice", "email")}, (Aspect.CHANNEL, Fault.DECLARED_NOT_SAID, "email")),
        ({"channels": ("sms",)}, (Aspect.CHANNEL, Fault.SAID_NOT_DECLARED, "voice")),
        ({"purposes": ("political", "commercial")}, (Aspect.PURPOSE, Fault.DECLARED_NOT_SAID, "commercial")),
        ({"purposes": ()}, (Aspect.PURPOSE, Fault.SAID_NOT_DECLARED, "political")),
        ({"targeting_by": ("address", "age")}, (Aspect.TARGETING, Fault.SAID_NOT_DECLARED, "sex")),
        (
            {"targeting_by": ("address", "age", "sex", "area_income")},
            (Aspect.TARGETING, Fault.DECLARED_NOT_SAID, "area_income"),
        ),
        ({"recipients": [("Union Z", "sponsor")]}, (Aspect.RECIPIENT, Fault.DECLARED_NOT_SAID, "Union Z")),
    ],
)
def test_each_difference_is_told_with_its_direction(declared, expected):
    assert told(lint_notice(notice(**declared), PARTIES)) == {expected}


def test_a_firm_that_the_text_names_must_be_declared_or_of_the_chain():
    (found,) = lint_notice(notice(TEXT.replace("par SMS", "avec Alpha Médias SARL par SMS")), PARTIES)
    assert (found.aspect, found.fault, found.words) == (
        Aspect.RECIPIENT,
        Fault.SAID_NOT_DECLARED,
        "Alpha Médias SARL",
    )


def test_names_are_compared_without_case_accents_and_legal_form():
    assert lint_notice(notice(TEXT.replace("Contact Citoyen SAS", "CONTACT CITOYEN")), PARTIES) == ()


@pytest.mark.parametrize("words", ["jamais par e-mail", "ni par e-mail", "pas d'e-mail", "sans courrier postal"])
def test_a_channel_that_the_text_denies_is_not_said(words):
    assert lint_notice(notice(f"{TEXT} Nous n'écrivons {words}."), PARTIES) == ()


def test_an_address_that_is_only_collected_is_no_targeting():
    text = (
        "J'accepte que Boutique Lys SARL transmette mon nom, mon adresse et ma date de naissance à Contact Citoyen SAS "
        "pour recevoir par SMS et par téléphone la communication politique de Parti Aube."
    )
    assert lint_notice(notice(text, mentions_targeting=False, targeting_by=()), PARTIES) == ()


def test_area_criteria_are_read_in_the_sentence_that_selects():
    text = f"{TEXT} Le ciblage peut tenir compte des résultats électoraux de mon bureau de vote et des revenus du quartier."
    found = told(lint_notice(notice(text), PARTIES))
    assert found == {
        (Aspect.TARGETING, Fault.SAID_NOT_DECLARED, "area_results"),
        (Aspect.TARGETING, Fault.SAID_NOT_DECLARED, "area_income"),
    }


def test_a_text_in_another_language_is_not_read():
    assert lint_notice(notice("I agree to everything.", language="en"), PARTIES) == ()


def test_a_contradiction_explains_itself():
    (found,) = lint_notice(notice(channels=("sms",)), PARTIES)
    assert found.sentence() == "the text says channel 'voice' (« message vocal »), and it is not declared"
    (other,) = lint_notice(notice(channels=("sms", "voice", "post")), PARTIES)
    assert other.sentence() == "channel 'post' is declared, and no word of the text says so"
