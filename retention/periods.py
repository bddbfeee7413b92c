"""The operator's periods of retention: dated records of `config/retention/`, read and checked.

They may not be shorter than the law's (`sends.rules.retention`). Finding what is older belongs to `retention.due_persons` and
`retention.due_records`, deleting it to `retention.purge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from configuration.dated_rules import RULE_KEYS, DatedRule, read_dated_rules
from configuration.field_types import Unfit, written
from terms.canonical_json import canonical_json
from terms.months import months_after


class Kept(StrEnum):
    """What a period is about: the data of persons, or the records of campaigns."""

    PERSONS = "persons"
    CAMPAIGN_RECORDS = "campaign_records"


class CountedFrom(StrEnum):
    """From when a period is counted; the file says it, so that who reads it need not guess."""

    LAST_ACT = "last_act"
    LAST_PUBLICATION = "last_publication"


_COUNTED_FROM: Mapping[Kept, CountedFrom] = MappingProxyType(
    {Kept.PERSONS: CountedFrom.LAST_ACT, Kept.CAMPAIGN_RECORDS: CountedFrom.LAST_PUBLICATION}
)


@written(keys={**RULE_KEYS, "kept": "of"})
@dataclass(frozen=True, kw_only=True)
class RetentionRule(DatedRule):
    """One period, whose length is its parameter `months`, followed by a purge on the days on which it is in force."""

    kept: Kept
    counted_from: CountedFrom

    def __post_init__(self) -> None:
        """Refuse a period without its length, or counted from something else than its kind is."""
        super().__post_init__()
        self.check_parameters("months")
        if self.counted_from is not _COUNTED_FROM[self.kept]:
            raise Unfit(f"of {self.kept} must be {_COUNTED_FROM[self.kept]}", "counted_from")

    @property
    def months(self) -> int:
        """How many months what it is about is kept."""
        return self.parameters["months"]

    def due_on(self, last: date) -> date:
        """Return the first day (Paris) on which something is deleted whose last act or publication was on a day (Paris)."""
        return months_after(last, self.months)

    def kept_from(self, on: date) -> date:
        """Return the first day (Paris) that is still kept on a day (Paris): whatever is older is due."""
        day = months_after(on, -self.months)
        while self.due_on(day) <= on:
            day += timedelta(days=1)
        return day

    @property
    def sha256(self) -> str:
        """Hash of what the rule says, hex: a purge names by it what it followed."""
        told = {**self.__dict__, "begins": str(self.begins), "ends_on": str(self.ends_on)}
        return sha256(canonical_json(told).encode()).hexdigest()


def read_retention(folder: Path) -> tuple[RetentionRule, ...]:
    """Read every `*.yaml` of the folder, in order of file and place.

    Raises:
        UsageError: no file, an unknown or missing key, a wrong value (with file, line and key), or two periods of one
            kind that hold on one day.
    """
    return read_dated_rules(folder, tuple[RetentionRule, ...], "retention", lambda rule: rule.kept.value).rules
