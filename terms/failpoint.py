"""Named steps at which a process can be told to die, so that a test can prove what a crash leaves behind.

A step is named `<room>.<what has just become durable>`, such as `delivery.lines_committed`; the room that makes it
durable names it. Injecting any other fault belongs to that room's tests.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from types import MappingProxyType

from terms.environment import Environment, parse_environment
from terms.errors import UsageError

VARIABLE = "FILIATION_FAILPOINT"
#: Set for a process that works for another one: the other dies with it, as if the machine had stopped.
_WORKS_FOR = "FILIATION_FAILPOINT_WORKS_FOR"

#: Environments in which a process may be told to die at a named step.
MAY_FAIL: Mapping[Environment, bool] = MappingProxyType(
    {
        Environment.DEMO: True,
        Environment.TEST: True,
        Environment.BENCH: True,
        Environment.STAGING: False,
        Environment.PRODUCTION: False,
    }
)


def reach(step: str) -> None:
    """Do nothing, or kill this process (SIGKILL, no clean-up) if `FILIATION_FAILPOINT` names this step.

    Raises:
        UsageError: the variable is set where real numbers live, or without a known `FILIATION_ENV`.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    if not MAY_FAIL[parse_environment(os.environ.get("FILIATION_ENV"))]:
        raise UsageError(f"{VARIABLE} is set where real numbers live.", "Unset it; it exists for crash tests.")
    if wanted == step:
        works_for = os.environ.get(_WORKS_FOR)
        if works_for:
            os.kill(int(works_for), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


def for_child() -> Mapping[str, str]:
    """Return the variables by which a process that works for this one reaches the same step for both."""
    return {_WORKS_FOR: str(os.getpid())} if os.environ.get(VARIABLE) else {}
