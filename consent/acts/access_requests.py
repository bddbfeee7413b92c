"""What the answer to a person's access request must hold (R-19).

The clock of a request is judged by the base (`DSAR_LATE`); writing the answer does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterable

#: Actual sponsors, not their category (CJEU C-154/21), when we wrote, where the data came from, and its proof.
REQUIRED_LISTS = ("sponsors", "send_times", "source_partner", "proof")


def missing_lists(given: Iterable[str]) -> tuple[str, ...]:
    """Return which of the four lists of GDPR 15 an answer lacks; empty = it may go out (R-19)."""
    held = set(given)
    return tuple(name for name in REQUIRED_LISTS if name not in held)
