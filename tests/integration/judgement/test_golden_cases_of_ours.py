"""Our own typed cases through the golden harness, and what the command says of a file that is none."""

import shutil
from pathlib import Path

import pytest
import yaml

from pipelines.golden.golden_cases import read_cases
from pipelines.golden.golden_uses import judge_cases
from terms.errors import UsageError
from terms.reasons import Profile

ROOT = Path(__file__).resolve().parents[3]
CASES = Path(__file__).parents[1] / "golden_cases_of_ours.yaml"


@pytest.fixture(scope="module")
def judged():
    return judge_cases(read_cases(CASES), ROOT / "config")


def test_every_case_of_ours_is_judged_as_expected(judged):
    wrong = {
        one.case.case_id: {profile.value: answer for profile, answer in one.answers.items()}
        for one in judged
        if one.is_passed is not True
    }
    assert not wrong


def test_a_wrong_expectation_is_not_told_as_passed_and_a_case_that_nothing_can_judge_stops_no_other(tmp_path):
    document = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    hold = {"decision": "HOLD", "codes": ["LI_REVIEW"]}
    first = {**document["cases"][0], "expect": {profile.value: hold for profile in Profile}}
    no_calendar = {**first, "id": "Z1", "set": {"moment": "2062-03-16T10:30:00+01:00"}}
    file = tmp_path / "broken.yaml"
    file.write_text(yaml.safe_dump({**document, "cases": [no_calendar, first]}), encoding="utf-8")
    unjudged, wrong = judge_cases(read_cases(file), ROOT / "config")
    assert unjudged.is_passed is None
    assert "2062" in unjudged.case.not_judged[0]
    assert wrong.is_passed is False


def test_a_case_of_a_kind_that_nobody_knows_is_told_as_not_judged(tmp_path):
    text = CASES.read_text(encoding="utf-8").replace("  set: {}\n", "  set: {kind: auction}\n", 1)
    file = tmp_path / "kind.yaml"
    file.write_text(text, encoding="utf-8")
    (first, *_) = read_cases(file)
    assert first.not_judged == ("kind: auction",)


def test_a_change_of_law_is_a_dated_record_and_counts_from_midnight_in_paris(tmp_path):
    """The pending record of C-317/25 gets its day: the record before it ends, and no code changes."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    coming, law = config / "rules" / "coming.yaml", config / "rules" / "recipients.yaml"
    before, after = law.read_text().split("code: RECIPIENT_CATEGORY_ONLY")
    law.write_text(f"{before}code: RECIPIENT_CATEGORY_ONLY{after.replace('until: null', 'until: 2027-03-16', 1)}")
    before, after = coming.read_text().split("code: RECIPIENT_CATEGORY_ONLY")
    coming.write_text(f"{before}code: RECIPIENT_CATEGORY_ONLY{after.replace('from: pending', 'from: 2027-03-16', 1)}")
    document = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    (case,) = (item for item in document["cases"] if item["id"] == "K08")
    moments = ("2027-03-15T23:59:59+01:00", "2027-03-16T00:00:00+01:00")
    cases = [{**case, "id": moment, "set": {**case["set"], "moment": moment}} for moment in moments]
    file = tmp_path / "switch.yaml"
    file.write_text(yaml.safe_dump({**document, "cases": cases}), encoding="utf-8")
    old, new = ({p: one.answers[p].codes for p in Profile} for one in judge_cases(read_cases(file), config))
    assert old == dict.fromkeys(Profile, ("HOURS", "RECIPIENT_CATEGORY_ONLY"))
    assert new == {Profile.STRICT: ("HOURS", "RECIPIENT_CATEGORY_ONLY"), Profile.MARKET: ("HOURS",)}


@pytest.mark.parametrize(
    "text", ["", "- a\n- b\n", "schema_version: 1\n", "schema_version: 2\nbase: {}\ncases: []\n", ":\n-"]
)
def test_a_file_that_is_none_is_refused_in_words(tmp_path, text):
    file = tmp_path / "none.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"none\.yaml"):
        read_cases(file)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_cases(tmp_path / "absent.yaml")
