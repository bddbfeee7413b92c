"""JSON with one text per value, for hashes and comparisons.

What such a text contains is decided by the room that keeps it.
"""

from __future__ import annotations

import json


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no spaces: equal values give equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
