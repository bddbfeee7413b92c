"""All shared golden cases through the real command: decision, codes and number, both profiles."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from terms.settings import PROJECT_ROOT

SHARED = Path(os.environ.get("FILIATION_SHARED", PROJECT_ROOT.parent / "shared"))
CASES = SHARED / "data" / "rules" / "golden_cases.yaml"

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


def test_every_case_passes(lines):
    assert len(lines) >= 200
    assert [line for line in lines if line["passed"] is not True] == []


def test_a_judged_case_tells_both_profiles(lines):
    judged = [line for line in lines if not line["not_judged"]]
    assert judged == lines
    assert {key for line in judged for key in line} == {"case", "strict", "market", "passed", "not_judged"}
    assert all(set(line[profile]) == {"decision", "codes"} for line in judged for profile in ("strict", "market"))
