"""The benches by name: what `python -m bench NAME` may measure.

A new bench is a folder of its subject with a module that has `CASES`, and a line here. What is measured belongs there.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType

from bench.comparison import Case
from terms.errors import UsageError

_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "door": "bench.door.cases",
        "judgement": "bench.judgement.cases",
        "seal": "bench.sealing.seal",
        "territories": "bench.territories.cases",
    }
)


def cases_of(bench: str) -> Mapping[str, Case]:
    """Return the cases of a bench by name.

    Raises:
        UsageError: there is no such bench.
    """
    if bench not in _MODULES:
        raise UsageError(f"There is no bench {bench!r}.", f"Name one of: {', '.join(_MODULES)}.")
    cases: Mapping[str, Case] = importlib.import_module(_MODULES[bench]).CASES
    return cases
