"""The benches by name. A new one is a module with `CASES` and a line here; nothing else is registered anywhere."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType

from bench.comparison import Case
from terms.errors import UsageError

_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "door": "bench.door",
        "judgement": "bench.judgement",
        "seal": "bench.seal",
        "territories": "bench.territories",
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
