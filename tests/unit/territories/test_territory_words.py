"""Words of an address: the macros are insensitive to what a partner's form changes, and stable when repeated.

Which BAN row is meant is tested in test_address_matching.
"""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.engine import connect
from territories.words import NUMBER_SUFFIXES, STREET_TYPES, STREET_WORDS, create_macros

WORDS = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyzéèêëàâçîïôöùûüœæ0123456789", min_size=1, max_size=9), min_size=1, max_size=6
)


@pytest.fixture(scope="module")
def ask():
    connection = connect()
    create_macros(connection)
    yield lambda expression, value: connection.execute(f"select {expression}", [value]).fetchone()[0]
    connection.close()


@settings(max_examples=150, deadline=None)
@given(words=WORDS)
def test_case_accents_and_punctuation_do_not_count(ask, words):
    plain = ask("street_name(?)", " ".join(words))
    bare = "".join(c for c in unicodedata.normalize("NFD", " ".join(words)) if not unicodedata.combining(c))
    assert ask("street_name(?)", "  " + "-'. ".join(words).upper() + ",") == plain
    assert ask("street_name(?)", bare) == plain


@settings(max_examples=150, deadline=None)
@given(words=WORDS)
def test_a_normalised_street_stays_as_it_is(ask, words):
    once = ask("street_name(?)", " ".join(words))
    assert ask("street_name(?)", once) == once


@pytest.mark.parametrize("mapping", [STREET_TYPES, STREET_WORDS, NUMBER_SUFFIXES])
def test_no_abbreviation_stands_for_another_one(mapping):
    assert not set(mapping) & set(mapping.values())


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("R DU FBG ST ANTOINE", "Rue du Faubourg Saint-Antoine"),
        ("bd. Henri IV", "Boulevard Henri IV"),
        ("Psg de la Main d’Or", "Passage de la Main d'Or"),
        ("QU DE LA RAPÉE", "Quai de la Rapée"),
        ("All. du Dr Roux", "Allée du Docteur Roux"),
        ("rue du Sacré-Cœur", "RUE DU SACRE COEUR"),
    ],
)
def test_abbreviations_are_the_same_street(ask, written, published):
    assert ask("street_name(?)", written) == ask("street_name(?)", published)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Rue Keller", "Passage Keller"), ("Rue du 8 Mai", "Rue du 9 Mai"), ("Rue R Keller", "Rue Rue Keller")],
)
def test_other_streets_stay_other_streets(ask, one, other):
    assert ask("street_name(?)", one) != ask("street_name(?)", other)


@pytest.mark.parametrize(
    ("written", "suffix"), [("bis", "B"), ("b", "B"), ("TER", "T"), ("a", "A"), ("z2", "Z2"), (None, ""), ("", "")]
)
def test_suffixes(ask, written, suffix):
    assert ask("suffix_key(?::varchar)", written) == suffix


@pytest.mark.parametrize(
    ("written", "town"),
    [
        ("PARIS CEDEX 11", "PARIS"),
        ("Paris 3e Arrondissement", "PARIS"),
        ("paris 12", "PARIS"),
        ("Lyon 2ème", "LYON"),
        ("St-Étienne", "SAINT ETIENNE"),
        ("Pointe-à-Pitre", "POINTE A PITRE"),
        ("Cedex-sur-Rien", "CEDEX SUR RIEN"),
        ("Cedex s/ Rien", "CEDEX SUR RIEN"),
    ],
)
def test_towns(ask, written, town):
    assert ask("town_name(?)", written) == town
