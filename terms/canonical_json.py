"""JSON with one text for one value, for hashes and comparisons. Who keeps it decides what it says."""

from __future__ import annotations

import json


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
