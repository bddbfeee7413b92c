"""A number is found in a line in whatever form it is written, and no neighbour of it is taken for it."""

import pytest

from partners_ingest.erased.number_search import NumberSearch

NUMBER = "+33639980042"
FORMS = [
    "+33639980042",
    "33639980042",
    "0033639980042",
    "0639980042",
    "639980042",
    "06 39 98 00 42",
    "06.39.98.00.42",
    "06-39-98-00-42",
    "06/39/98/00/42",
    "(06) 39-98-00-42",
    "+33 (0)6 39 98 00 42",
    "+33 6 39 98 00 42",
    "0033 6 39 98 00 42",
    "06\u00a039\u00a098\u00a000\u00a042",
    "3.3639980042E+10",
    "639980042.0",
    "p:+33639980042",
    "tel:+33-6-39-98-00-42",
    "33639980042@c.us",
    "06399800420199000043",  # two numbers in one cell
    "01990000430639980042",
]
NEIGHBOURS = [
    "0639980043",
    "06399800421",
    "10639980042",
    "0639;980042",
    "06,39,98,00,42",
    "7506399 800 42",
    "",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-le", "utf-16-be"])
def test_every_written_form_is_found(form, encoding):
    search = NumberSearch([NUMBER, "+33639980999"])
    line = f'"7";"Zoé";"{form}";"12 rue du Bac"\r\n'.encode(encoding)
    assert search.may_stand_in(line)
    assert search.found_in(line) == {NUMBER}


@pytest.mark.parametrize(
    "form",
    ["０６ ３９ ９８ ００ ４２", "06\u200b39\u200b98\u200b00\u200b42", "06—39—98—00—42", "＋３３６３９９８００４２"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_forms_that_only_unicode_has_are_found(form, encoding):
    search = NumberSearch([NUMBER])
    line = f'"7";"{form}"\r\n'.encode(encoding)
    assert search.may_stand_in(line)
    assert search.found_in(line) == {NUMBER}


@pytest.mark.parametrize("text", NEIGHBOURS)
def test_nothing_else_is_taken_for_it(text):
    assert not NumberSearch([NUMBER]).found_in(f"7;{text};x\n".encode())


def test_numbers_of_other_plans_are_found_by_all_their_digits():
    search = NumberSearch(["+32470123456", "+262692123456"])
    assert search.found_in(b"a;0032 470 12 34 56;b") == {"+32470123456"}
    assert not search.found_in(b"a;0470 12 34 56;b")
    assert search.found_in(b"a;0692 12 34 56;b") == {"+262692123456"}
