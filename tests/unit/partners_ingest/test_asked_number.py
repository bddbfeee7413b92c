"""A number that a person gives to a command: every written form of one, and never the first of two."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partners_ingest.rows.asked_numbers import asked_number, asked_numbers
from partners_ingest.rows.phone import NOWHERE, read_asked_number, read_phone
from terms.environment import NumberRules
from terms.errors import UsageError
from tests.unit.partners_ingest.test_phone_rule import BY_TERRITORY, FORMS_OF_ONE, FORMS_OF_TWO

RULES = NumberRules.FICTION
ALONE = [*FORMS_OF_ONE, *(text for text, place, *_ in BY_TERRITORY if place == NOWHERE)]
BETWEEN = (
    "",
    " ",
    ",",
    ", ",
    "/",
    " / ",
    ";",
    "\n",
    "\r\n",
    " ou ",
    " OU ",
    " et ",
    " - ",
    " + ",
    " & ",
    "\t",
    "\u202f",
)

_GROUPED = (
    "{0}{1}{2}{3}{4}",
    "{0} {1} {2} {3} {4}",
    "{0}.{1}.{2}.{3}.{4}",
    "{0}-{1}-{2}-{3}-{4}",
    "{0}/{1}/{2}/{3}/{4}",
)
_PREFIXES = (
    "0",
    "+33",
    "+33 ",
    "+33 (0)",
    "0033",
    "0033 (0)",
    "33",
    "330",
    "+330",
    "",
    "p:+33",
    "Tél. 0",
    "'0",
    "(0) ",
)
_ENDS = ("", "", " ", " (bureau)", " le soir", " poste 12", " x12", ".")


@st.composite
def _one_number(draw):
    """A number of nine digits as people, exporters and spreadsheets write it."""
    digits = draw(st.integers(min_value=100_000_000, max_value=999_999_999).map(str))
    pairs = (digits[0], *(digits[start : start + 2] for start in range(1, 9, 2)))
    grouped = draw(st.sampled_from(_GROUPED)).format(*pairs)
    plain = draw(st.sampled_from(_PREFIXES)) + grouped + draw(st.sampled_from(_ENDS))
    damaged = (f"{digits}.0", f"{digits[0]},{digits[1:]}E+08", f"3.3{digits}E+10", f'="0{digits}"')
    return draw(st.one_of(st.just(plain), st.sampled_from(damaged)))


_ANY_ONE = st.one_of(_one_number(), st.sampled_from(ALONE))


@settings(max_examples=300, deadline=None)
@given(text=_ANY_ONE)
def test_one_number_in_any_form_is_read_as_in_a_cell(text):
    assert read_asked_number(text, RULES) == read_phone(text, NOWHERE, RULES).e164


@pytest.mark.parametrize("text", ALONE)
def test_each_known_form_of_one_number_is_read(text):
    assert read_asked_number(text, RULES) == read_phone(text, NOWHERE, RULES).e164 is not None


@settings(max_examples=600, deadline=None)
@given(one=_ANY_ONE, between=st.sampled_from(BETWEEN), other=_ANY_ONE)
def test_two_numbers_are_none_however_they_are_glued(one, between, other):
    assert read_asked_number(f"{one}{between}{other}", RULES) is None


@pytest.mark.parametrize(
    "text",
    [
        *FORMS_OF_TWO,
        "06 39 98 00 42 ou 43",
        "06 39 98 00 42 et 43",
        "06 39 98 00 42 / 43",
        "06 39 98 00 42 (bureau), 06 39 98 00 43 (soir)",
        "mobile 06 39 98 00 42 tél. 01 99 00 12 34",
        "+687 75 00 01 et 75 00 02",
        "06 39 98 00 42 06 39 98 00 43 06 39 98 00 44",
        "06 39 98 00 42 ou 06 39 XX XX 43",
        "",
        "à rappeler",
    ],
)
def test_what_tells_of_several_or_of_none_is_none(text):
    assert read_asked_number(text, RULES) is None


@pytest.mark.parametrize("text", ["06 39 98 00 42;", "le soir ou 06 39 98 00 42", "06 39 98 00 42 ou le soir"])
def test_words_and_marks_beside_one_number_make_no_other(text):
    assert read_asked_number(text, RULES) == "+33639980042"


def test_what_is_not_one_number_is_told_by_its_place_and_not_repeated():
    texts = ["06 39 98 00 42", "06 39 98 00 43 06 39 98 00 44", "0639980045", "12"]
    with pytest.raises(UsageError, match=r"Of the 4 numbers, these cannot be read: 2, 4 \(counted") as raised:
        asked_numbers(texts, RULES)
    assert "98" not in str(raised.value).replace("06 39 98 00 42.", "")
    with pytest.raises(UsageError, match="Give one phone number"):
        asked_number(texts[1], RULES)
    assert asked_numbers([texts[2], texts[0]], RULES) == ["+33639980045", "+33639980042"]
