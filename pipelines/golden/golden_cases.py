"""Typed golden cases: reads a file, merges each case into BASE, and says which kinds cannot be judged.

Judging belongs to `pipelines.golden.golden_base` (consent and person, by SQL) and `pipelines.golden.golden_uses`
(the whole use).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from terms.errors import UsageError
from terms.reasons import Profile

#: Nested facts of one case, as its file types them (`golden.schema.json`).
Facts = Mapping[str, Any]

SCHEMA_VERSION = 1

#: Kinds of cases that are judged (rules README 2).
_JUDGED_KINDS = ("send", "plan", "race", "access_request", "retention", "invoice")


@dataclass(frozen=True)
class Answer:
    """A decision with all its codes, sorted."""

    decision: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class GoldenCase:
    """One case: its facts (BASE with what differs), what it expects, and why it cannot be judged (empty = it can)."""

    case_id: str
    facts: Facts
    expected: Mapping[Profile, Answer]
    expected_number: str | None
    not_judged: tuple[str, ...]

    @property
    def moment(self) -> datetime:
        """Return the instant at which the case is judged."""
        return datetime.fromisoformat(self.facts["moment"])


def read_cases(path: Path) -> tuple[GoldenCase, ...]:
    """Read a file of typed cases.

    Raises:
        UsageError: the file cannot be read, is no YAML, or lacks what `golden.schema.json` demands.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise UsageError(f"The file {path} cannot be read ({error.strerror}).", "Name a readable file.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise UsageError(f"The file {path} is not YAML in UTF-8.", "Check it against golden.schema.json.") from None
    if not isinstance(document, dict) or document.get("schema_version") != SCHEMA_VERSION:
        raise UsageError(f"{path} is no file of golden cases, version {SCHEMA_VERSION}.", "Name one.")
    try:
        return tuple(_case(document["base"], item) for item in document["cases"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{path} lacks a field or has one of a wrong type ({type(error).__name__}).",
            "Check it against golden.schema.json.",
        ) from None


def _case(base: Facts, item: Facts) -> GoldenCase:
    facts = _merged(base, item["set"])
    expected = {
        profile: Answer(item["expect"][profile.value]["decision"], tuple(item["expect"][profile.value]["codes"]))
        for profile in Profile
    }
    datetime.fromisoformat(facts["moment"])
    return GoldenCase(item["id"], facts, expected, item["expect"].get("number_e164"), _not_judged(facts))


def _merged(base: Any, change: Any) -> Any:
    """Lay a change over BASE: mappings merge key by key, everything else is replaced (rules README 1)."""
    if not isinstance(base, Mapping) or not isinstance(change, Mapping):
        return change
    return {**base, **{key: _merged(base.get(key), value) for key, value in change.items()}}


def _not_judged(facts: Facts) -> tuple[str, ...]:
    """Return why a case cannot be judged: it is of a kind that nobody knows here."""
    return () if facts["kind"] in _JUDGED_KINDS else (f"kind: {facts['kind']}",)
