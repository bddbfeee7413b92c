"""Texts that a person types and that are kept for good (reasons, sources, names): they may hold no phone number.

Which texts must be given belongs to the room of the command; forms of numbers in files belong to
`partners_ingest.rows`.
"""

from __future__ import annotations

import re

from terms.errors import UsageError

#: Nine digits or more, however they are grouped: reasons and sources are kept in clear, in a journal that only grows.
_NUMBER_LIKE = re.compile(r"(?:\d[ .\-/_()\u00a0\u2009\u2011\u202f]{0,3}){9,}")

#: A day and an hour make nine digits as well, and are what a reason is often about.
_DATE = re.compile(r"\b(?:(?:19|20)\d{2}-\d{2}-\d{2}|\d{2}/\d{2}/(?:19|20)\d{2})\b")


def refuse_number(text: str, what: str) -> None:
    """Refuse a text that holds something like a phone number.

    Args:
        text: what a person typed.
        what: its name in the message, such as "The reason".

    Raises:
        UsageError: it does; the message does not repeat it.
    """
    if _NUMBER_LIKE.search(_DATE.sub("(date)", text)):
        raise UsageError(
            f"{what} holds something like a phone number.",
            "It is kept in clear, for good: write it without the number.",
        )
