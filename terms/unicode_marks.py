"""Marks that stand on letters (accents): bounding them before Unicode puts them in order. What a text means is not decided here."""

from __future__ import annotations

import re

#: More marks on one letter than any language writes.
_MANY_MARKS = re.compile(r"([\u0300-\u036f]{8})[\u0300-\u036f]+")


def with_few_marks(text: str) -> str:
    """Return a text in which no letter has more than eight marks: Unicode puts them in order in the square of their number."""
    return _MANY_MARKS.sub(r"\1", text)
