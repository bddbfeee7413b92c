"""Counts of small groups (R-68): a count under the floor is hidden, and so is another one that would give it away.

The floor itself stands in `sends.rules.order_rules`, with the rule that an order must reach as many; which groups are counted is
decided by the page that tells them.
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
    hidden = _hidden(present, floor)
    return {name: None if name in hidden else number for name, number in present.items()}


def _hidden(present: Mapping[str, int], floor: int) -> frozenset[str]:
    by_size = sorted(present, key=lambda name: (present[name], name))
    most = sum(number < floor for number in present.values())
    together = sum(present[name] for name in by_size[:most])
    while 0 < together < floor and most < len(by_size):
        together += present[by_size[most]]
        most += 1
    return frozenset(by_size[:most])


def told_count(number: int, floor: int = FLOOR) -> int | None:
    """Return one count, or None where it is hidden; nobody is told as nobody."""
    return number if number == 0 or number >= floor else None


def count_words(number: int | None, floor: int = FLOOR) -> str:
    """Return a count that may be hidden in words."""
    return f"fewer than {floor}, or hidden beside such a count" if number is None else str(number)
