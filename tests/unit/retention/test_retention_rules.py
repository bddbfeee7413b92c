"""How long what is kept: the records of `config/retention/`, their days, and what is refused."""

from datetime import date
from pathlib import Path

import pytest

from retention.periods import CountedFrom, Kept, RetentionRule, read_retention
from sends.rules.retention import kept_months
from sends.rules.rulebook import read_rulebook
from terms.errors import UsageError
from terms.reasons import Profile

ROOT = Path(__file__).resolve().parents[3]
RECORD = """
- code: {code}
  ids: [R-11]
  of: {of}
  parameters: {{months: {months}}}
  counted_from: {counted_from}
  sentence: "It goes."
  source: "a law"
  status: "V"
  from: {since}
  until: {until}
"""


def written(folder, *records):
    told = {"code": "A", "of": "persons", "months": 36, "counted_from": "last_act", "since": "null", "until": "null"}
    (folder / "periods.yaml").write_text("".join(RECORD.format(**{**told, **record}) for record in records))
    return folder


def test_the_shipped_periods_are_those_of_the_law():
    rules = {rule.kept: rule for rule in read_retention(ROOT / "config" / "retention")}
    law = read_rulebook(ROOT / "config" / "rules" / "orders")
    months = {kept_months(law.under(profile, date(2026, 11, 24))) for profile in Profile}
    assert rules[Kept.PERSONS].months == 36 and {rules[Kept.CAMPAIGN_RECORDS].months} == months == {84}
    assert rules[Kept.PERSONS].ids == ("R-11",) and rules[Kept.CAMPAIGN_RECORDS].ids == ("R-44",)
    assert all(rule.source and rule.sentence for rule in rules.values())


@pytest.mark.parametrize(
    ("last", "due_on"),
    [
        (date(2023, 11, 24), date(2026, 11, 24)),  # that very day: it was kept 36 months
        (date(2024, 2, 29), date(2027, 2, 28)),
        (date(2023, 12, 31), date(2026, 12, 31)),
    ],
)
def test_months_are_counted_as_the_law_counts_them(tmp_path, last, due_on):
    (rule,) = read_retention(written(tmp_path, {}))
    assert rule.due_on(last) == due_on


def test_a_period_holds_from_its_day_until_the_next_one(tmp_path):
    older = {"until": "2027-01-01"}
    newer = {"code": "B", "months": 24, "since": "2027-01-01"}
    rules = read_retention(written(tmp_path, newer, older))
    on = {day: [rule.code for rule in rules if rule.is_in_force(day)] for day in (date(2026, 12, 31), date(2027, 1, 1))}
    assert list(on.values()) == [["A"], ["B"]]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([{}, {"code": "B", "since": "2027-01-01"}], "B and A both hold of persons"),
        ([{"months": 0}], r"line 5: \[0\]\.parameters\.months is not a whole number of at least 1"),
        ([{"months": '"36"'}], "whole number"),
        ([{"counted_from": "last_publication"}], r"counted_from of persons must be last_act"),
        ([{"of": "everything"}], "of is none of persons, campaign_records"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_words(tmp_path, records, said):
    with pytest.raises(UsageError, match=said):
        read_retention(written(tmp_path, *records))


def test_a_folder_without_a_file_is_told(tmp_path):
    with pytest.raises(UsageError, match="holds no file"):
        read_retention(tmp_path)


def test_a_purge_names_by_hash_the_very_rule_that_it_followed():
    rule = RetentionRule(
        ids=("R-11",),
        code="A",
        sentence="It goes.",
        source="a law",
        status="V",
        begins=None,
        ends_on=None,
        parameters={"months": 36},
        kept=Kept.PERSONS,
        counted_from=CountedFrom.LAST_ACT,
    )
    assert rule.sha256 == RetentionRule(**rule.__dict__).sha256
    assert rule.sha256 != RetentionRule(**{**rule.__dict__, "parameters": {"months": 35}}).sha256
