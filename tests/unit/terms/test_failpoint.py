"""The failpoint kills at its step and nowhere else, and does not exist where real numbers live."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from terms import failpoint
from terms.environment import Environment
from terms.errors import UsageError


def test_every_environment_is_decided() -> None:
    assert set(failpoint.MAY_FAIL) == set(Environment)


def _run(step: str) -> int:
    code = "from terms import failpoint; failpoint.reach('room.step')"
    environ = {**os.environ, "FILIATION_ENV": "test", failpoint.VARIABLE: step}
    return subprocess.run([sys.executable, "-c", code], env=environ, check=False).returncode


def test_the_process_dies_at_the_named_step_only() -> None:
    assert _run("room.step") == -9
    assert _run("room.other") == 0


def test_it_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failpoint.VARIABLE, "room.other")
    monkeypatch.setenv("FILIATION_ENV", "production")
    with pytest.raises(UsageError, match="real numbers"):
        failpoint.reach("room.step")
