"""The closed list of environments, and what depends on them as maps that have every member as a key.

A new consequence of the environment is a new map here, or a function that indexes such a map (never `.get`): a test
compares the keys of every map with the list. Reading `FILIATION_ENV` belongs to `terms.settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from terms.errors import UsageError


class Environment(StrEnum):
    """Where this installation runs; decides which numbers count and where messages may go."""

    DEMO = "demo"
    TEST = "test"
    BENCH = "bench"
    STAGING = "staging"
    PRODUCTION = "production"


class NumberRules(StrEnum):
    """Which invented numbers count as a person's mobile.

    `fiction`: ARCEP's 06 39 98 range does. `bench`: numbers that are invalid everywhere do.
    `live`: none does.
    """

    FICTION = "fiction"
    BENCH = "bench"
    LIVE = "live"


NUMBER_RULES: Mapping[Environment, NumberRules] = MappingProxyType(
    {
        Environment.DEMO: NumberRules.FICTION,
        Environment.TEST: NumberRules.FICTION,
        Environment.BENCH: NumberRules.BENCH,
        Environment.STAGING: NumberRules.LIVE,
        Environment.PRODUCTION: NumberRules.LIVE,
    }
)

#: Environments in which an unset key is the committed demo key.
DEMO_KEYS: Mapping[Environment, bool] = MappingProxyType(
    {
        Environment.DEMO: True,
        Environment.TEST: True,
        Environment.BENCH: True,
        Environment.STAGING: False,
        Environment.PRODUCTION: False,
    }
)

#: Environments in which one account plays everybody: a name says who acts, and a key of this home signs for that person.
ONE_ACCOUNT: Mapping[Environment, bool] = MappingProxyType(
    {
        Environment.DEMO: True,
        Environment.TEST: True,
        Environment.BENCH: True,
        Environment.STAGING: False,
        Environment.PRODUCTION: False,
    }
)

#: Environments in which `FILIATION_NOW` may move the clock.
MOVABLE_CLOCK: Mapping[Environment, bool] = MappingProxyType(
    {
        Environment.DEMO: True,
        Environment.TEST: True,
        Environment.BENCH: True,
        Environment.STAGING: True,
        Environment.PRODUCTION: False,
    }
)

#: Seconds for which a file of a drop account has not changed before it counts as complete, unless told otherwise.
QUIET_SECONDS: Mapping[Environment, int] = MappingProxyType(
    {
        Environment.DEMO: 1,
        Environment.TEST: 1,
        Environment.BENCH: 1,
        Environment.STAGING: 60,
        Environment.PRODUCTION: 60,
    }
)

#: Environments that may send to a gateway other than a simulator on this machine.
LIVE_SENDING: Mapping[Environment, bool] = MappingProxyType(
    {
        Environment.DEMO: False,
        Environment.TEST: False,
        Environment.BENCH: False,
        Environment.STAGING: False,
        Environment.PRODUCTION: True,
    }
)

#: Environments that may run and send to a simulator on this machine, which writes down what it receives.
SIMULATED_SENDING: Mapping[Environment, bool] = MappingProxyType(
    {
        Environment.DEMO: True,
        Environment.TEST: True,
        Environment.BENCH: True,
        Environment.STAGING: False,
        Environment.PRODUCTION: False,
    }
)


def parse_environment(value: str | None) -> Environment:
    """Return the environment named `value`.

    Raises:
        UsageError: if it is unset or unknown; the message lists the allowed names.
    """
    allowed = ", ".join(Environment)
    if value is None or value == "":
        raise UsageError("FILIATION_ENV is not set.", f"Set it to one of: {allowed}.")
    try:
        return Environment(value)
    except ValueError:
        raise UsageError(f"FILIATION_ENV is {value!r}.", f"Set it to one of: {allowed}.") from None
