"""The operator's periods of retention: dated records of `config/retention/`, read and checked.

They may not be shorter than the law's (`sends.rules.retention`). Finding what is older belongs to `retention.due_persons` and
`retention.due_records`, deleting it to `retention.purge`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from configuration.marked_yaml import Marked, read_marked
from terms.canonical_json import canonical_json
from terms.errors import UsageError
from terms.months import months_after

_KEYS = frozenset("code ids of months counted_from sentence source status from until".split())


class Kept(StrEnum):
    """What a period is about: the data of persons, or the records of campaigns."""

    PERSONS = "persons"
    CAMPAIGN_RECORDS = "campaign_records"


#: From which day each is counted; the file must say the same, so that its reader need not guess.
_COUNTED_FROM: Mapping[Kept, str] = {Kept.PERSONS: "last_act", Kept.CAMPAIGN_RECORDS: "last_publication"}


@dataclass(frozen=True)
class RetentionRule:
    """One period in calendar months; purges follow it on the days (Paris) from `starts_on` until before `ends_on` (None = open)."""

    code: str
    ids: tuple[str, ...]
    kept: Kept
    months: int
    sentence: str
    source: str
    status: str
    starts_on: date | None
    ends_on: date | None

    def due_on(self, last: date) -> date:
        """Return the first day (Paris) on which something is deleted whose last act or publication was on a day (Paris)."""
        return months_after(last, self.months)

    def kept_from(self, on: date) -> date:
        """Return the first day (Paris) that is still kept on a day (Paris): whatever is older is due."""
        day = months_after(on, -self.months)
        while self.due_on(day) <= on:
            day += timedelta(days=1)
        return day

    def is_in_force(self, on: date) -> bool:
        """Return whether a purge follows the rule on a day."""
        return (self.starts_on is None or self.starts_on <= on) and (self.ends_on is None or on < self.ends_on)

    @property
    def sha256(self) -> str:
        """Return the hash of the record, hex: a purge names by it the rule that it followed."""
        told = {**self.__dict__, "starts_on": str(self.starts_on), "ends_on": str(self.ends_on)}
        return sha256(canonical_json(told).encode()).hexdigest()


def read_retention(folder: Path) -> tuple[RetentionRule, ...]:
    """Read every `*.yaml` of the folder, in order of file and place.

    Raises:
        UsageError: no file, an unknown or missing key, a wrong value (with file, line and key), or two periods of one
            kind that hold on one day.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise UsageError(
            f"The folder of retention periods {folder} holds no file.", "Give FILIATION_CONFIG its folder."
        )
    rules = tuple(_read(item) for file in files for item in read_marked(file, f"retention/{file.name}").items())
    _check_overlaps(rules)
    return rules


def _read(item: Marked) -> RetentionRule:
    keys = item.keys(_KEYS)
    kept, months = Kept(keys["of"].one_of(*Kept)), keys["months"].integer()
    keys["counted_from"].one_of(_COUNTED_FROM[kept])
    if months <= 0:
        raise keys["months"].fail("a number of months above 0 is expected")
    return RetentionRule(
        code=keys["code"].text(),
        ids=keys["ids"].texts(),
        kept=kept,
        months=months,
        sentence=keys["sentence"].text(),
        source=keys["source"].text(),
        status=keys["status"].text(),
        starts_on=None if keys["from"].is_null() else keys["from"].day(),
        ends_on=None if keys["until"].is_null() else keys["until"].day(),
    )


def _check_overlaps(rules: Sequence[RetentionRule]) -> None:
    of_kind: dict[Kept, list[RetentionRule]] = defaultdict(list)
    for rule in rules:
        of_kind[rule.kept].append(rule)
    for kind, several in of_kind.items():
        ordered = sorted(several, key=lambda rule: rule.starts_on or date.min)
        for before, after in zip(ordered, ordered[1:], strict=False):
            if before.ends_on is None or before.ends_on > (after.starts_on or date.min):
                raise UsageError(
                    f"config/retention/: {before.code} and {after.code} both hold of {kind} on one day.",
                    "Give the older one its `until`.",
                )
