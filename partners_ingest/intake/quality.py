"""The contract of a feed, judged of one delivery before the commit: comparisons of counts and shares with bounds.

Only the dossier's own bounds hold a delivery (`min_rows`, `max_change_pct`), and withdrawals never for their volume;
drift from the feed's history (`drift`) warns. What becomes of a held delivery belongs to `take_in`; all deliveries of a run are judged
together by `contract_suite`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from consent.dossiers.feeds import Feed
from partners_ingest.intake.drift import BOUNDS, Drift
from terms.reasons import FileReason


class Level(StrEnum):
    """What a failed check does: `hold` stops the delivery, `warn` is shown."""

    HOLD = "hold"
    WARN = "warn"


@dataclass(frozen=True)
class FeedCounts:
    """What the contract is judged on: records of a delivery and of the last accepted one, and how it drifts."""

    records: int
    records_before: int | None
    drifts: Sequence[Drift]


@dataclass(frozen=True)
class QualityCheck:
    """What was compared with one bound, and whether all of it is within; `drifts` = where it is not.

    `bound` is the least that `records` may have, and the most of everything else.
    """

    name: str
    level: Level
    bound: float
    values: tuple[float, ...]
    is_met: bool
    drifts: tuple[Drift, ...]


@dataclass(frozen=True)
class QualityReport:
    """How a feed's contract was met by one delivery."""

    feed_id: str
    checks: tuple[QualityCheck, ...]

    @property
    def hold(self) -> FileReason | None:
        """The reason to hold the delivery, or None."""
        failed = [check.name for check in self.checks if check.level is Level.HOLD and not check.is_met]
        return next((_HOLDS[name] for name in _HOLDS if name in failed), None)

    @property
    def warnings(self) -> tuple[QualityCheck, ...]:
        """The checks that warn."""
        return tuple(check for check in self.checks if check.level is Level.WARN and not check.is_met)

    def drifts(self, check: str) -> tuple[Drift, ...]:
        """Return what was unusual under one check of drift."""
        return next((found.drifts for found in self.checks if found.name == check), ())


#: Checks whose bound is the dossier's own, in the order in which they decide.
_HOLDS: Mapping[str, FileReason] = {
    "records": FileReason.ROW_COUNT_LOW,
    "change_pct": FileReason.ROW_COUNT_CHANGE,
}

#: What a person may overrule by releasing the delivery: the file can be read, only its volume is unusual.
RELEASABLE = frozenset(_HOLDS.values()) | {FileReason.WITHDRAWALS_UNREAD}


def judge_contract(feed: Feed, counts: FeedCounts) -> QualityReport:
    """Judge one delivery against its feed's contract.

    Args:
        feed: `min_rows` bounds the records of any delivery, `max_change_pct` the change of a `full` against the
            last accepted full of the feed (partners README, section 3).
        counts: of the delivery and of the last accepted one, and its drift from the feed's history.
    """
    # whoever took a consent back must not wait: withdrawals of an odd volume are told of, and go in
    level = Level.HOLD if feed.kind == "optins" else Level.WARN
    return QualityReport(feed.feed_id, (*_volume_checks(feed, counts, level), *_drift_checks(counts.drifts)))


def _volume_checks(feed: Feed, counts: FeedCounts, level: Level) -> Iterator[QualityCheck]:
    records, before = float(counts.records), counts.records_before
    yield QualityCheck("records", level, float(feed.min_rows), (records,), records >= feed.min_rows, ())
    if feed.mode == "full" and feed.max_change_pct is not None and before:
        change = 100.0 * abs(counts.records - before) / before
        bound = float(feed.max_change_pct)
        yield QualityCheck("change_pct", level, bound, (change,), change <= bound, ())


def _drift_checks(drifts: Sequence[Drift]) -> Iterator[QualityCheck]:
    for check, bound in BOUNDS.items():
        compared = [drift for drift in drifts if drift.check == check]
        unusual = tuple(drift for drift in compared if drift.is_unusual)
        distances = tuple(drift.distance for drift in compared)
        if compared:
            yield QualityCheck(check, Level.WARN, bound, distances, not unusual, unusual)
