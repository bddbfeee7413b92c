"""Families B, C, A, N and S06–S11 of the shared golden cases, through the real command: decision, codes and number."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from terms.settings import PROJECT_ROOT

SHARED = Path(os.environ.get("FILIATION_SHARED", PROJECT_ROOT.parent / "shared"))
CASES = SHARED / "data" / "rules" / "golden_cases.yaml"
FAMILIES = re.compile(r"X?[BCAN]\d+[a-z]?|S(0[6-9]|1[01])[a-z]?")

pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"no shared golden cases at {CASES}")


@pytest.fixture(scope="module")
def lines():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("filiation")), "golden", str(CASES), "--json"],
        env={**os.environ, "FILIATION_ENV": "test"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode in (0, 3), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_case_of_the_families_passes(lines):
    ours = [line for line in lines if FAMILIES.fullmatch(line["case"])]
    assert len(ours) >= 60
    assert [line for line in ours if line["passed"] is not True] == []


def test_what_cannot_be_judged_yet_is_never_told_as_passed(lines):
    unjudged = [line for line in lines if line["not_judged"]]
    assert unjudged
    assert all(line["passed"] is None and line["strict"] is None and line["market"] is None for line in unjudged)


def test_a_judged_case_tells_both_profiles(lines):
    judged = [line for line in lines if not line["not_judged"]]
    assert {key for line in judged for key in line} == {"case", "strict", "market", "passed", "not_judged"}
    assert all(set(line[profile]) == {"decision", "codes"} for line in judged for profile in ("strict", "market"))
