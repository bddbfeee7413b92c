"""The tree of errors that a person may see, each with its exit code.

    FiliationError            1  something went wrong: one line that says what to do
    ├── UsageError            2  wrong usage, unreadable input, wrong environment
    │   └── SecretMissing     2  a key that this environment must be given
    └── Refused               3  a check refused; the state before is unchanged
        └── WriterBusy        3  another process holds the writer's lock

Messages say what was tried, what is wrong and what to do, and never hold a value of a person's row.
Exceptions that only one room raises and catches live in that room, not here.
"""

from __future__ import annotations


class FiliationError(Exception):
    """An error meant for a person.

    Args:
        message: what is wrong, and where.
        remedy: what to do now.
        code: code of a rule or check, where one spoke.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UsageError(FiliationError):
    """Wrong usage: an input that cannot be read, a wrong field, a home of another environment."""

    exit_code = 2


class SecretMissing(UsageError):
    """A secret that this environment must be given is not set."""


class Refused(FiliationError):
    """A check refused to publish, plan, count, approve or send; the state before is unchanged."""

    exit_code = 3


class WriterBusy(Refused):
    """Another process holds the writer's lock of this home."""
