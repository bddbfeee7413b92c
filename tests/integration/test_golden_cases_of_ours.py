"""Our own typed cases through the golden harness, and what the command says of a file that is none."""

from pathlib import Path

import pytest

from pipelines.golden_cases import read_cases
from pipelines.golden_uses import judge_cases
from terms.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).with_name("golden_cases_of_ours.yaml")


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


def test_a_wrong_expectation_is_not_told_as_passed(tmp_path):
    text = CASES.read_text(encoding="utf-8")
    head, cases = text.split("cases:\n")
    broken = tmp_path / "broken.yaml"
    first = cases.split("- id:")[1].replace("{decision: ALLOW, codes: []}", "{decision: HOLD, codes: [LI_REVIEW]}", 1)
    broken.write_text(f"{head}cases:\n- id:{first}", encoding="utf-8")
    (one,) = judge_cases(read_cases(broken), ROOT / "config")
    assert one.is_passed is False


def test_a_case_on_codes_of_later_issues_is_not_judged(tmp_path):
    text = CASES.read_text(encoding="utf-8").replace("  set: {}\n", "  set: {price: {order_unit_cents: 0}}\n", 1)
    file = tmp_path / "price.yaml"
    file.write_text(text, encoding="utf-8")
    (first, *_) = read_cases(file)
    assert first.not_judged == ("price",)


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
