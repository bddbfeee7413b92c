"""The codes of `sends` that one use can show, against the shared golden cases: the order, its instant, its papers."""

import os
from functools import cache
from pathlib import Path

import pytest

from pipelines.golden.golden_cases import read_cases
from pipelines.golden.golden_orders import context_of, read_shipped
from pipelines.golden.golden_uses import send_findings
from terms.reasons import Decision, Profile
from terms.settings import PROJECT_ROOT

SHARED = Path(os.environ.get("FILIATION_SHARED", PROJECT_ROOT.parent / "shared"))
CASES = SHARED / "data" / "rules" / "golden_cases.yaml"
SENT = ("send", "plan", "race")

pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"no shared golden cases at {CASES}")


@cache
def shipped():
    return read_shipped(PROJECT_ROOT / "config")


def cases():
    return [case for case in read_cases(CASES) if case.facts["kind"] in SENT] if CASES.exists() else []


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.case_id)
def test_the_codes_of_sends_are_those_of_the_case(case, profile):
    context = context_of(case, profile, shipped())
    rules, found = context.rules, send_findings(case, context)
    expected = case.expected[profile]
    wanted = set(rules.by_code) & set(expected.codes)
    assert {item.code for item in found} == wanted
    if wanted and wanted == set(expected.codes):
        worst = Decision.REFUSE if any(item.decision is Decision.REFUSE for item in found) else Decision.HOLD
        assert worst.value == expected.decision


def test_the_shared_cases_show_most_codes_of_sends():
    shown = {code for case in cases() for profile in Profile for code in case.expected[profile].codes}
    assert len(shown & {rule.code for rule in shipped().rulebook.rules}) >= 35
