"""Dated records of law and policy, in one shape: what they say, from when until when, their numbers, who lifts what they do.

The rules of persons (`consent.rules.registry`), of orders (`sends.rules.rulebook`) and retention (`retention.periods`) are
such records, each with what it adds. What a rule does belongs to those who judge by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Generic, TypeVar

from configuration.documents import Document, read_document
from configuration.field_types import Checked, Count, Exactly, NotEmpty, Read, Unfit, read_day, written
from terms.errors import UsageError
from terms.reasons import Profile


class Pending(StrEnum):
    """The day from which a change of law counts that has no day yet."""

    PENDING = "pending"


class Lifter(StrEnum):
    """Who may lift what a rule holds; `NOBODY`: only what the rule asks for ends it (R-23)."""

    NOBODY = "nobody"
    DPO = "dpo"
    LEGAL = "legal"
    SUPPLIER_MANAGER = "supplier_manager"
    CAMPAIGN_MANAGER = "campaign_manager"
    SUPPORT = "support"


def _start(value: object) -> date | Pending | None:
    if value == Pending.PENDING:
        return Pending.PENDING
    return None if value is None else read_day(value)


def _end(value: object) -> date | None:
    return None if value is None else read_day(value)


def _check_filled(text: str) -> None:
    if not text.strip():
        raise Unfit("is blank: a rule without this text is not a rule")


def check_profiles(effects: Mapping[Profile, object]) -> None:
    """Refuse effects that do not say what happens under each profile.

    Raises:
        Unfit: names the profile.
    """
    for profile in Profile:
        if profile not in effects:
            raise Unfit("is missing", profile)


#: A text that says something.
Filled = Annotated[str, Exactly(), Checked(_check_filled)]
Code = Annotated[str, Exactly(r"[A-Z][A-Z0-9_]*(-\d)?")]
RuleIds = Annotated[tuple[Annotated[str, Exactly(r"R-\d\d")], ...], NotEmpty()]
#: The first day (Paris) of a period, and the first after it; null = open.
Start = Annotated[date | Pending | None, Read(_start, r"(pending|\d{4}-\d\d-\d\d)")]
End = Annotated[date | None, Read(_end, r"\d{4}-\d\d-\d\d")]
#: Numbers of a rule; the name of each ends with its unit.
Parameters = Mapping[Annotated[str, Exactly(r"([a-z]+_)*(months|days|hours|people)")], Count]


@written()
@dataclass(frozen=True)
class Lift:
    """Who may lift a rule's effect, and how it ends."""

    by: Lifter
    how: Filled


#: The keys of a record that are named otherwise in a file.
RULE_KEYS = {"begins": "from", "ends_on": "until"}


@dataclass(frozen=True, kw_only=True)
class DatedRule:
    """One record in one period: the ids of the rules behind it, its code, what it says, where it is written, how sure we are.

    `begins`, `ends_on`: civil days in Paris, None = open, the last one excluded. A pending record is a change of law whose
    day is not known yet: it is in the registry and does nothing.
    """

    ids: RuleIds
    code: Code
    sentence: Filled
    source: Filled
    status: Filled
    begins: Start
    ends_on: End
    parameters: Parameters = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins."""
        if self.starts_on is not None and self.ends_on is not None and self.ends_on <= self.starts_on:
            raise Unfit("is not after from", "until")

    @property
    def is_pending(self) -> bool:
        """Whether the day from which it counts is not known yet."""
        return self.begins is Pending.PENDING

    @property
    def starts_on(self) -> date | None:
        """The first day of its period (Paris); None = open, or pending."""
        return None if isinstance(self.begins, Pending) else self.begins

    def is_in_force(self, on: date) -> bool:
        """Return whether the record counts on a day."""
        return not self.is_pending and (self.starts_on or date.min) <= on < (self.ends_on or date.max)

    def check_parameters(self, *names: str) -> None:
        """Refuse other parameters than these.

        Raises:
            Unfit: there are others, or one of these is missing.
        """
        if set(self.parameters) != set(names):
            raise Unfit(f"of {self.code} must be {', '.join(sorted(names)) or 'left out'}", "parameters")


Rule = TypeVar("Rule", bound=DatedRule)


@dataclass(frozen=True)
class DatedRules(Generic[Rule]):
    """The records of a folder, in order of file and place, and what its files say as plain data."""

    rules: tuple[Rule, ...]
    plain: Sequence[object]


def read_dated_rules(
    folder: Path, kind: type[tuple[Rule, ...]], name: str, subject: Callable[[Rule], str]
) -> DatedRules[Rule]:
    """Read every `*.yaml` of a folder, each a list of records.

    Args:
        folder: of the files.
        kind: a tuple of the record.
        name: what errors call the folder.
        subject: what a record is about: of one subject one record counts on a day.

    Raises:
        UsageError: there is no file.
        DocumentInvalid: a record is wrong, or two of one subject count on one day; says file, line and key.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise UsageError(f"The folder {folder} holds no file of {name}.", "Give the folder that holds them.")
    documents = [read_document(file, kind, f"{name}/{file.name}") for file in files]
    known: list[Rule] = []
    for document in documents:
        for place, rule in enumerate(document.record):
            _check_overlap(document, place, [other for other in known if subject(other) == subject(rule)], subject)
            known.append(rule)
    return DatedRules(tuple(known), [document.plain for document in documents])


def _check_overlap(
    document: Document[tuple[Rule, ...]], place: int, others: Sequence[Rule], subject: Callable[[Rule], str]
) -> None:
    rule = document.record[place]
    for other in others:
        if not rule.is_pending and not other.is_pending and _overlap(rule, other):
            told = f"and {other.code} both hold of {subject(rule)} on one day: give the earlier one its `until`"
            raise document.invalid(f"{rule.code} {told}", place, "code")


def _overlap(one: DatedRule, other: DatedRule) -> bool:
    return (one.starts_on or date.min) < (other.ends_on or date.max) and (other.starts_on or date.min) < (
        one.ends_on or date.max
    )
