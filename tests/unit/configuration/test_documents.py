"""A file is read as its record, or told wrong by file, line, key and what is expected: all that is wrong at once."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest

from configuration.documents import DocumentInvalid, parse_document, read_document
from configuration.field_types import (
    Count,
    Day,
    Exactly,
    Instant,
    NotEmpty,
    NullIs,
    Number,
    OneOrMore,
    Text,
    Unfit,
    WholeNumber,
    YesNo,
    known_words,
    written,
)

ROOT = Path(__file__).resolve().parents[3]


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@written(keys={"least": "min", "most": "max"})
@dataclass(frozen=True)
class Span:
    least: WholeNumber
    most: WholeNumber | None = None

    def __post_init__(self):
        if self.most is not None and self.most < self.least:
            raise Unfit("is above max", "min")


@written()
@dataclass(frozen=True)
class Shop:
    name: Text
    size: Size
    opened_on: Day
    checked_at: Instant | None = None
    spans: tuple[Span, ...] = ()
    code: Annotated[str, Exactly(r"[a-z]{2}\d")] | None = None
    share: Annotated[float, Exactly(least=0, most=1)] | None = None
    open: Annotated[YesNo, NullIs(True)] = True
    kind: Literal["shop", "stall"] = "shop"
    tags: Annotated[tuple[Text, ...], OneOrMore(), NotEmpty("is an empty list")] = ("none",)
    prices: Mapping[Annotated[str, known_words({"tea", "milk"})], Count] = field(default_factory=dict)
    weight: Number = 1.0


GOOD = """\
name: "Lys"
size: small
opened_on: 2026-02-03
"""


def read(text: str) -> Shop:
    return parse_document(text, "shop.yaml", Shop).record


def told(text: str) -> str:
    with pytest.raises(DocumentInvalid) as caught:
        read(text)
    assert caught.value.remedy == "Correct the file."
    return caught.value.message


def test_a_file_is_read_as_its_record():
    shop = read(
        GOOD + "checked_at: 2026-02-03T10:00:00+01:00\nspans: [{min: 1}, {min: 1, max: 2}]\ntags: a\nopen: null"
    )
    assert (shop.name, shop.size, shop.opened_on, shop.open) == ("Lys", Size.SMALL, date(2026, 2, 3), True)
    assert shop.checked_at == datetime(2026, 2, 3, 9, tzinfo=UTC)
    assert (shop.spans, shop.tags) == ((Span(1), Span(1, 2)), ("a",))


def test_what_is_read_is_also_told_as_it_was_written():
    document = parse_document(GOOD, "shop.yaml", Shop)
    assert document.plain == {"name": "Lys", "size": "small", "opened_on": "2026-02-03"}
    assert document.line("opened_on") == 3
    assert document.invalid("is a Monday", "opened_on").message == "shop.yaml, line 3: opened_on is a Monday."


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("code: 07\n", "line 4: code is a number that programs read differently: put a text in quotes"),
        ("weight: 1_000\n", "line 4: weight is a number that programs read differently"),
        ("code: 7\n", "line 4: code is not a text (put it in quotes)"),
        ("code: ab\n", "line 4: code does not have the form [a-z]{2}\\d"),
        ("tags: ['']\n", "line 4: tags[0] is empty"),
        ("tags: []\n", "line 4: tags is an empty list"),
        ("spans:\n  - min: 1\n  - min: -1\n", "line 6: spans[1].min is not a whole number of at least 0"),
        ("spans: [{min: yes}]\n", "line 4: spans[0].min is not a whole number"),
        ("spans: [{}]\n", "line 4: spans[0].min is missing"),
        ("spans: [{min: 2, max: 1}]\n", "line 4: spans[0].min is above max"),
        ("spans: {min: 2}\n", "line 4: spans is not a list"),
        ("spans: [2]\n", "line 4: spans[0] is not a mapping of fields"),
        ("share: 1.5\n", "line 4: share is above 1"),
        ("share: -1\n", "line 4: share is less than 0"),
        ("weight: heavy\n", "line 4: weight is not a number"),
        ("open: 1\n", "line 4: open is neither true nor false"),
        ("kind: market\n", "line 4: kind is none of shop, stall"),
        ("prices: {coffee: 1}\n", "line 4: prices.coffee is not known here (known: milk, tea)"),
        ("prices: [1]\n", "line 4: prices is not a mapping of fields"),
        ("checked_at: 2026-02-03T10:00:00\n", "line 4: checked_at is not an instant with offset, such as"),
        ("checked_at: 2026-02-30T10:00:00Z\n", "line 4: checked_at is not an instant with offset, such as"),
        ("spans:\n  - min: 1\n    maximum: 2\n", "line 6: spans[0].maximum is not known here (known: max, min)"),
        ("open: true\nopen: false\n", "line 5: open is given twice"),
        ("? [a]\n: 1\n", "line 4: has a key that is no text"),
        ("open: !!binary aGk=\n", "line 4: open has the type binary, which no file of ours has"),
    ],
)
def test_a_fault_says_line_key_and_what_is_expected(more, said):
    assert told(GOOD + more).startswith(f"shop.yaml, {said}")


@pytest.mark.parametrize("size", ["medium", "7", "[small]", '""'])
def test_a_closed_list_is_told(size):
    assert told(GOOD.replace("small", size)) == "shop.yaml, line 2: size is none of small, large."


@pytest.mark.parametrize("day", ["2026-02-30", "20260203", "03/02/2026", "2026-02-03T10:00:00Z", "7"])
def test_a_day_is_written_in_one_way(day):
    assert told(GOOD.replace("2026-02-03", day)) == "shop.yaml, line 3: opened_on is not a day (YYYY-MM-DD)."


def test_all_faults_are_told_at_once_in_order_of_lines():
    with pytest.raises(DocumentInvalid) as caught:
        read("nam: Lys\nsize: big\nopened_on: null\n")
    assert [(fault.line, fault.key) for fault in caught.value.faults] == [
        (1, "name"), (1, "nam"), (2, "size"), (3, "opened_on"),
    ]  # fmt: skip
    assert (caught.value.line, caught.value.key) == (1, "name")
    assert caught.value.message.endswith(
        "; line 2: size is none of small, large; line 3: opened_on is not a day (YYYY-MM-DD)."
    )


def test_more_than_five_faults_are_counted():
    assert told(GOOD + "spans: [1, 2, 3, 4, 5, 6, 7]").endswith("; and 2 more.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("- a\n", "line 1: the file is not a mapping of fields"),
        ("a: [", "this is not YAML"),
        ("a: \x00", "this is not YAML"),
        ("<<: {name: x}\n" + GOOD, "line 1: << is not known here"),
    ],
)
def test_what_is_no_such_file_is_told(text, said):
    assert said in told(text)


def test_a_file_that_cannot_be_read_is_told_by_its_name(tmp_path):
    with pytest.raises(DocumentInvalid, match=r"^shops/x\.yaml: the file cannot be read") as caught:
        read_document(tmp_path / "x.yaml", Shop, "shops/x.yaml")
    assert (caught.value.line, caught.value.key) == (None, None)
    (tmp_path / "x.yaml").write_bytes(b"name: \xff")
    with pytest.raises(DocumentInvalid, match="not UTF-8"):
        read_document(tmp_path / "x.yaml", Shop)


def test_aliases_are_taken_and_bounded():
    assert read(GOOD + "spans: [&one {min: 1}, *one]").spans == (Span(1), Span(1))
    laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]\n"
        for before, after in zip("abcdefgh", "bcdefghi", strict=False)
    )
    assert "more than 100 values behind an alias" in told(laughs)
    assert "more than 40 levels" in told("a: &a [*a]\n")
    assert "more than 100000 values" in told(f"a: [{'x, ' * 100_000}]")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_levels_are_bounded_before_the_stack_of_the_process_ends(opening):
    for times in (60, 100_000):
        assert told(f"a:\n {opening * times}") == "shop.yaml, line 2: the file has more than 40 levels."


def test_records_are_imported_without_pydantic():
    """A look-up of a number imports them and reads no file of theirs; pydantic takes more than a tenth of a second."""
    code = (
        "import sys, consent.dossiers.dossiers, consent.rules.registry, retention.periods, open_data.sources,"
        " sends.orders.order_file, sends.rules.context, sends.gateways.settings, lineage.lookups.origins;"
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
