"""The phone rule: each written form of the partners README, SQL against Python, and both against phonenumbers.

Numbers are ARCEP's fiction range or the fixed examples of the partners README; whole blocks of national numbers
appear only as arithmetic in the property tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException

from partners_ingest.rows.phone import NOWHERE, ReadPhone, RowPlace, read_phone
from partners_ingest.rows.phone_cells import read_phone_cells
from partners_ingest.rows.phone_macros import create_phone_macros, macros_sql
from stores.engine import connect
from terms.environment import NumberRules

E164 = "+33639980042"

FORMS_OF_ONE = [
    "0639980042",
    "06 39 98 00 42",
    "06.39.98.00.42",
    "06-39-98-00-42",
    "06/39/98/00/42",
    "0639 980042",
    "06\u00a039\u00a098\u00a000\u00a042",
    "06\u202f39\u202f98\u202f00\u202f42",
    "06\u200939\u200998\u200900\u200942",
    "\t0639980042  ",
    "(06) 39 98 00 42",
    "+33639980042",
    "+33 6 39 98 00 42",
    "+33 (0)6 39 98 00 42",
    "+330639980042",
    "0033639980042",
    "0033 (0)6 39 98 00 42",
    "33639980042",
    "330639980042",
    "639980042",
    "6.39.98.00.42",
    "639980042.0",
    '="0639980042"',
    "'0639980042",
    "'+33639980042",
    "p:+33639980042",
    "Tél. 06 39 98 00 42",
    "Tél. : 06 39 98 00 42",
    "Tel : 06 39 98 00 42",
    '"06 39 98 00 42"',
    "6,39980042E+08",
    "3.3639980042E+10",
    "O6 39 98 OO 42",
    "０６３９９８００４２",
    "\u202a+33639980042\u202c",
    "06\u200b39980042",
    "06 39 98 00 42 (bureau)",
    "06 39 98 00 42 le soir",
    "0639980042 poste 12",
    "0639980042 x12",
]

FORMS_OF_TWO = [
    "06 39 98 00 42 / 01 99 00 12 34",
    "01 99 00 12 34 / 06 39 98 00 42",
    "0639980042/0199001234",
    "06 39 98 00 42 ou 06 39 98 00 43",
    "0639980042;0639980043",
    "06399800420639980043",
]

ACCEPTED_FORMS = [*FORMS_OF_ONE, *FORMS_OF_TWO]

REFUSED_FORMS = [
    ("", "PHONE_MISSING"),
    (None, "PHONE_MISSING"),
    ("N/A", "PHONE_MISSING"),
    ("n/a", "PHONE_MISSING"),
    ("-", "PHONE_MISSING"),
    ("p:", "PHONE_MISSING"),
    ("Tél. : N/A", "PHONE_MISSING"),
    ('=""', "PHONE_MISSING"),
    ("p:<test lead: dummy data for phone_number>", "PHONE_UNREADABLE"),
    ("mobile", "PHONE_UNREADABLE"),
    ("3,36E+10", "PHONE_LOSSY"),
    ("6.3998E+08", "PHONE_LOSSY"),
    ("06 39 XX XX 42", "PHONE_MASKED"),
    ("0639****42", "PHONE_MASKED"),
    ("06 39 98 00 421", "PHONE_LENGTH"),
    ("06 39 98 00", "PHONE_LENGTH"),
    ("0606060606", "PHONE_PLACEHOLDER"),
    ("06 66 66 66 66", "PHONE_PLACEHOLDER"),
    ("+33 6 12 34 56 78", "PHONE_PLACEHOLDER"),
    ("0123456789", "PHONE_PLACEHOLDER"),
    ("0000000000", "PHONE_PLACEHOLDER"),
    ("contact@exemple.test", "PHONE_UNREADABLE"),
    ("à rappeler", "PHONE_UNREADABLE"),
]

BY_TERRITORY = [
    ("0692 00 00 01", NOWHERE, "+262692000001", "mobile", "reunion"),
    ("+33692000001", NOWHERE, "+262692000001", "mobile", "reunion"),
    ("0690 00 00 01", NOWHERE, "+590690000001", "mobile", "guadeloupe"),
    ("0262 20 00 01", NOWHERE, "+262262200001", "landline", "reunion"),
    ("0590 20 00 01", NOWHERE, "+590590200001", "landline", "guadeloupe"),
    ("+33 594 25 00 01", NOWHERE, "+594594250001", "landline", "guyane"),
    ("+262 692 00 00 01", NOWHERE, "+262692000001", "mobile", "reunion"),
    ("+687 75 00 01", NOWHERE, "+687750001", "mobile", "nouvelle_caledonie"),
    ("75 00 01", RowPlace("NC", "98800"), "+687750001", "mobile", "nouvelle_caledonie"),
    ("0470123451", RowPlace("BE", "1000"), "+32470123451", "foreign", None),
    ("+32 470 12 34 51", NOWHERE, "+32470123451", "foreign", None),
    ("0470123451", RowPlace("FR", "13001"), "+33470123451", "landline", "metropole"),
    ("0700 1234567890", NOWHERE, "+337001234567890", "m2m", "metropole"),
    ("0712345671", NOWHERE, "+33712345671", "unassigned", "metropole"),
    ("01 99 00 12 34", NOWHERE, "+33199001234", "landline", "metropole"),
]

Ask = Callable[[list[tuple[str | None, RowPlace]], NumberRules], list[tuple[str | None, ...]]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Asks the set-based rule for many cells: (e164, kind, zone, code) of each."""
    connection = connect()

    def answer(cells: list[tuple[str | None, RowPlace]], rules: NumberRules) -> list[tuple[str | None, ...]]:
        connection.execute(
            "create or replace table cells (line_number bigint, phones varchar[], country varchar, postcode varchar)"
        )
        connection.executemany(
            "insert into cells values (?, ?, ?, ?)",
            [(line, [cell], place.country, place.postcode) for line, (cell, place) in enumerate(cells)],
        )
        read_phone_cells(connection, "cells", rules)
        return connection.execute("select e164, kind, zone, code from phones order by line_number").fetchall()

    yield answer
    connection.close()


def _as_row(read: ReadPhone) -> tuple[str | None, ...]:
    return (read.e164, read.kind, read.zone, read.code.value if read.code else None)


@pytest.mark.parametrize("text", ACCEPTED_FORMS)
def test_a_written_form_gives_the_number(text: str) -> None:
    assert _as_row(read_phone(text, NOWHERE, NumberRules.FICTION)) == (E164, "mobile", "metropole", None)


@pytest.mark.parametrize(("text", "code"), REFUSED_FORMS)
def test_what_is_no_number_gives_its_code(text: str | None, code: str) -> None:
    assert _as_row(read_phone(text, NOWHERE, NumberRules.FICTION)) == (None, None, None, code)


@pytest.mark.parametrize(("text", "place", "e164", "kind", "zone"), BY_TERRITORY)
def test_the_territory_is_decided_before_any_library(
    text: str, place: RowPlace, e164: str, kind: str, zone: str | None
) -> None:
    assert _as_row(read_phone(text, place, NumberRules.FICTION)) == (e164, kind, zone, None)


def test_a_martinique_landline_needs_its_postcode() -> None:
    text = "0596 50 12 34"
    assert read_phone(text, RowPlace("FR", "97200"), NumberRules.FICTION).e164 == "+596596501234"
    assert read_phone(text, RowPlace("FR", "75011"), NumberRules.FICTION).e164 == "+33596501234"


def test_numbers_that_are_invalid_everywhere_are_mobiles_in_bench_only() -> None:
    for start in ("701", "71", "72", "841", "845", "870"):
        number = "0" + start.ljust(8, "1") + "2"
        assert read_phone(number, NOWHERE, NumberRules.BENCH).kind == "mobile"
        assert read_phone(number, NOWHERE, NumberRules.LIVE).kind != "mobile"


@pytest.mark.parametrize("rules", list(NumberRules))
def test_sql_and_python_say_the_same_of_every_form(ask: Ask, rules: NumberRules) -> None:
    cells = [(text, NOWHERE) for text in ACCEPTED_FORMS]
    cells += [(text, NOWHERE) for text, _ in REFUSED_FORMS]
    cells += [(text, place) for text, place, *_ in BY_TERRITORY]
    cells += [(text, RowPlace("FR", "97200")) for text in ACCEPTED_FORMS + ["0596501234"]]
    assert ask(cells, rules) == [_as_row(read_phone(text, place, rules)) for text, place in cells]


_SEPARATORS = st.sampled_from(["", " ", ".", "-", "/", "\u00a0", "\u202f", "  "])
_PREFIXES = st.sampled_from(["0", "+33", "+33 ", "+33 (0)", "0033", "0033 (0)", "33", "330", "+330", ""])


@st.composite
def _written(draw: st.DrawFn) -> str:
    national = draw(st.integers(min_value=100_000_000, max_value=999_999_999).map(str))
    separator = draw(_SEPARATORS)
    pairs = [national[0], *(national[index : index + 2] for index in range(1, 9, 2))]
    return draw(_PREFIXES) + separator.join(pairs)


@settings(max_examples=25, deadline=None)
@given(cells=st.lists(_written(), min_size=50, max_size=50))
def test_sql_agrees_with_phonenumbers_on_every_valid_national_number(ask: Ask, cells: list[str]) -> None:
    """Where the library calls the number valid in France, the rule gives the same E.164, whatever the writing."""
    found = ask([(cell, NOWHERE) for cell in cells], NumberRules.LIVE)
    for cell, row in zip(cells, found, strict=True):
        library = _library_e164(cell)
        if library is not None and row[3] != "PHONE_PLACEHOLDER":
            assert row[0] == library


def _library_e164(cell: str) -> str | None:
    folded = cell.replace("\u202f", " ")  # makes phonenumbers raise
    if folded.startswith("33") and len("".join(filter(str.isdigit, folded))) > 9:
        folded = "+" + folded  # a bare 33 is ours to read; the library takes it for a national number
    try:
        parsed = phonenumbers.parse(folded, "FR")
    except NumberParseException:
        return None
    if parsed.country_code != 33 or not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


_RUBBISH = st.text(alphabet="0369 +./-()'=\"xX*EOoePp:;,Tél\u202f\u200b９", max_size=24)
_SCRAP = st.text(alphabet="0 +.()'=\"xXOoep:/Tél", max_size=3)
_NEARLY = st.tuples(_SCRAP, _written(), _SCRAP).map("".join)


@settings(max_examples=25, deadline=None)
@given(cells=st.lists(st.one_of(_RUBBISH, _NEARLY), min_size=100, max_size=100))
def test_sql_and_python_agree_on_rubbish(ask: Ask, cells: list[str]) -> None:
    found = ask([(cell, NOWHERE) for cell in cells], NumberRules.FICTION)
    assert found == [_as_row(read_phone(cell, NOWHERE, NumberRules.FICTION)) for cell in cells]


def test_sql_folds_no_character_otherwise_than_python() -> None:
    """Every character there is, amid a number: of what SQL folds or knows as common, Python says the same."""
    connection = connect()
    create_phone_macros(connection, NumberRules.FICTION)
    decided = connection.execute(
        """
        with cells as (
            select range as point, '06 39 98' || chr(range::integer) || '00 42' as cell
            from range(1, 1114112) where range not between 55296 and 57343  -- surrogates are no characters
        )
        select point, phone_folded(cell), phone_common(cell) from cells
        where phone_folded(cell) is not null or phone_common(cell) is not null
        """
    ).fetchall()
    wrong = []
    for point, folded, nsn in decided:
        found = read_phone(f"06 39 98{chr(point)}00 42", NOWHERE, NumberRules.FICTION)
        if read_phone(folded, NOWHERE, NumberRules.FICTION) != found or nsn and found.e164 != E164:
            wrong.append(f"U+{point:04X}")
    assert wrong == []
    assert 100 < len(decided) < 1_000


def test_the_shipped_macros_are_those_of_the_installed_metadata() -> None:
    shipped = resources.files("partners_ingest.rows").joinpath("phone_macros.sql").read_text(encoding="utf-8")
    assert shipped == macros_sql(), (
        "run python -m partners_ingest.rows.phone_macros > partners_ingest/rows/phone_macros.sql"
    )


def test_the_first_column_that_yields_a_mobile_wins(ask: Ask) -> None:
    connection = connect()
    rows = [
        (1, ["01 99 00 12 34", "06 39 98 00 42"], "+33639980042", None),
        (2, ["01 99 00 12 34", ""], "+33199001234", None),
        (3, ["N/A", "06 39 98 00"], None, "PHONE_LENGTH"),
        (4, ["06 39 XX XX 42", "06 39 98 00"], None, "PHONE_MASKED"),
        (5, ["", "-"], None, "PHONE_MISSING"),
    ]
    connection.execute("create table cells (line_number bigint, phones varchar[], country varchar, postcode varchar)")
    connection.executemany("insert into cells values (?, ?, null, null)", [row[:2] for row in rows])
    read_phone_cells(connection, "cells", NumberRules.FICTION)
    found = connection.execute("select line_number, e164, code from phones order by line_number").fetchall()
    assert found == [(line, e164, code) for line, _, e164, code in rows]
