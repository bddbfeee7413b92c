"""Numbers that people give to a command: each is one phone number, or the command is told which is not.

What is read as a number is decided by `phone`; what becomes of the person behind it belongs to who asks. No message repeats
what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from partners_ingest.rows.phone import read_asked_number
from terms.environment import NumberRules
from terms.errors import UsageError

_HOW = "Give one phone number, for example 06 39 98 00 42."
_HOW_EACH = "Give each as one phone number, for example 06 39 98 00 42."

#: Places told of numbers that cannot be read; a wrong file has thousands.
_TOLD = 20


def number_reader(rules: NumberRules) -> Callable[[str], str | None]:
    """Return what reads a typed number as E.164 by these rules, and gives None where it is none, or several."""
    return partial(read_asked_number, rules=rules)


def asked_number(text: str, rules: NumberRules) -> str:
    """Return the E.164 of the number that a person gave.

    Raises:
        UsageError: it is no phone number, or more than one.
    """
    e164 = read_asked_number(text, rules)
    if e164 is None:
        raise UsageError("The number cannot be read.", _HOW)
    return e164


def asked_numbers(texts: Sequence[str], rules: NumberRules) -> list[str]:
    """Return the E.164 of each number that a person gave, in their order.

    Raises:
        UsageError: some are no phone number, or more than one; they are told by their places.
    """
    read = [read_asked_number(text, rules) for text in texts]
    unread = [str(place) for place, e164 in enumerate(read, 1) if e164 is None]
    if unread:
        raise UsageError(
            f"Of the {len(texts)} numbers, these cannot be read: {', '.join(unread[:_TOLD])} (counted from 1).",
            _HOW_EACH,
        )
    return [e164 for e164 in read if e164 is not None]
