"""The registry of rules of orders: every record is whole and used, dates decide, and a wrong file says where."""

import re
from datetime import date
from pathlib import Path

import pytest

from configuration.dated_rules import Lifter
from configuration.documents import DocumentInvalid
from sends.rules.retention import deletable_on, kept_months
from sends.rules.rulebook import Effect, read_rulebook
from terms.errors import FiliationError, UsageError
from terms.reasons import Profile

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "config" / "rules" / "orders"
BOOK = read_rulebook(FOLDER)
RECORD = """- code: SOME_CODE
  ids: [R-26]
  sentence: "What it checks."
  source: "Where it stands."
  status: "V"
  from: null
  until: null
  effects: {strict: REFUSE, market: HOLD}
  lift: {by: nobody, how: "What ends it."}
  to_sponsor: "Ce qu'on dit au parraineur."
"""


def write(folder, text):
    (folder / "some.yaml").write_text(text)
    return folder


def test_every_code_that_the_rooms_find_has_a_record_and_the_reverse():
    sources = [file.read_text() for file in (ROOT / "sends").rglob("*.py")]
    named = {
        code
        for text in sources
        for code in re.findall(
            r'"([A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)+|HOURS|SUNDAY|HOLIDAY|L49|MINIMISE|EXCLUSIVITY|DIFFERENCING)"', text
        )
    }
    codes = {rule.code for rule in BOOK.rules}
    assert codes <= named, "a record that nothing finds"
    found = {code for text in sources for code in re.findall(r'found\(\s*"([^"]+)"', text)}
    assert found <= codes, "a code without a record"
    assert len(found) >= 30


def test_what_holds_says_who_may_lift_it_and_what_refuses_is_lifted_by_nobody():
    for rule in BOOK.rules:
        assert len(rule.sentence) > 20 and rule.sentence.endswith("."), rule.code
        assert len(rule.to_sponsor) > 20 and rule.lift.how, rule.code
        if Effect.HOLD not in rule.effects.values():
            assert rule.lift.by is Lifter.NOBODY, f"{rule.code} is never a HOLD"


def test_a_rule_counts_from_its_first_day_to_before_its_last(tmp_path):
    first = RECORD.replace("until: null", "until: 2027-03-16")
    second = RECORD.replace("from: null", "from: 2027-03-16").replace("market: HOLD", "market: ALLOW")
    book = read_rulebook(write(tmp_path, first + second))
    before, after = (book.under(Profile.MARKET, date(2027, 3, day)) for day in (15, 16))
    assert [item.decision.value for item in before.found("SOME_CODE", "x")] == ["HOLD"]
    assert after.found("SOME_CODE", "x") == ()
    assert before.sha256 == after.sha256


def test_a_code_that_is_not_in_force_yet_is_no_silent_pass(tmp_path):
    book = read_rulebook(write(tmp_path, RECORD.replace("from: null", "from: 2027-03-16")))
    with pytest.raises(FiliationError, match="No rule says what SOME_CODE does"):
        book.under(Profile.STRICT, date(2027, 3, 15)).found("SOME_CODE", "x")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("strict: REFUSE", "strict: REFUSED", "effects.strict is none of"),
        ("by: nobody", "by: anybody", "lift.by is none of"),
        ("ids: [R-26]", "ids: [26]", "ids"),
        ("ids: [R-26]", "ids: [R26]", "ids[0] does not have the form"),
        ('source: "Where it stands."', 'sources: "x"', "source is missing"),
        ("until: null", "until: 2027-02-30", "until is not a day"),
        ("from: null\n  until: null", "from: 2027-03-02\n  until: 2027-03-02", "until is not after from"),
        ("status:", "priority: 3\n  status:", "priority is not known here"),
        ("effects:", "parameters: {months: 84}\n  effects:", "parameters of SOME_CODE must be left out"),
        ("SOME_CODE", "RETENTION_7Y", "parameters of RETENTION_7Y must be months"),
    ],
)
def test_a_wrong_record_is_told_by_its_field(tmp_path, old, new, told):
    assert old in RECORD
    with pytest.raises(DocumentInvalid, match="some.yaml, line") as caught:
        read_rulebook(write(tmp_path, RECORD.replace(old, new)))
    assert told in str(caught.value)


def kept(months):
    parameters = f"parameters: {{months: {months}}}\n  effects:"
    return RECORD.replace("SOME_CODE", "RETENTION_7Y").replace("effects:", parameters)


def test_the_seven_years_are_a_number_of_the_record_and_dated_like_it(tmp_path):
    first = kept(84).replace("until: null", "until: 2030-01-01")
    second = kept(120).replace("from: null", "from: 2030-01-01")
    book = read_rulebook(write(tmp_path, first + second))
    before, after = (book.under(Profile.MARKET, day) for day in (date(2029, 12, 31), date(2030, 1, 1)))
    assert (kept_months(before), kept_months(after)) == (84, 120)
    assert deletable_on(date(2027, 4, 9), before) == date(2034, 4, 9)
    assert deletable_on(date(2027, 4, 9), after) == date(2037, 4, 9)


@pytest.mark.parametrize("months", ["0", "-84", '"84"', "84.5"])
def test_a_number_of_a_record_is_whole_and_above_zero(tmp_path, months):
    with pytest.raises(DocumentInvalid, match=r"parameters\.months is not a whole number"):
        read_rulebook(write(tmp_path, kept(months)))


def test_two_records_of_one_code_and_day_are_refused(tmp_path):
    with pytest.raises(DocumentInvalid, match=r"line 11: \[1\]\.code SOME_CODE and SOME_CODE both hold"):
        read_rulebook(write(tmp_path, RECORD + RECORD))


def test_an_empty_folder_is_no_registry(tmp_path):
    with pytest.raises(UsageError, match="holds no file of rules"):
        read_rulebook(tmp_path)
