"""What may be told of small groups: a count under the floor is hidden, and so is what would give it away.

Which groups a page tells is its own business; the floor itself is R-68's, of `order_rules`.
"""

from __future__ import annotations

from collections.abc import Mapping

from sends.rules.order_rules import FLOOR


def told_counts(counts: Mapping[str, int], floor: int = FLOOR) -> dict[str, int | None]:
    """Return counts in their order, with None for each that is hidden; groups of nobody are left out.

    The whole is told elsewhere, so hidden groups together must not be a small group either: as long as they are, the
    smallest told one is hidden too.
    """
    present = {name: number for name, number in counts.items() if number}
    by_size = sorted(present, key=lambda name: (present[name], name))
    hidden = [name for name in by_size if present[name] < floor]
    told = by_size[len(hidden) :]
    while hidden and told and sum(present[name] for name in hidden) < floor:
        hidden.append(told.pop(0))
    return {name: None if name in hidden else number for name, number in present.items()}


def told_count(number: int, floor: int = FLOOR) -> int | None:
    """Return one count, or None where it is hidden; nobody is told as nobody."""
    return number if number == 0 or number >= floor else None


def count_words(number: int | None, floor: int = FLOOR) -> str:
    """Return a count that may be hidden in words."""
    return f"fewer than {floor}, or hidden beside such a count" if number is None else str(number)
