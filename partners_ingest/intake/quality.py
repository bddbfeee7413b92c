"""The contract of a feed, judged with great-expectations on a small frame of counts and shares before the commit.

Only the dossier's own bounds hold a delivery (`min_rows`, `max_change_pct`), and withdrawals are never held; drift from
the feed's history (`drift`) warns. The frame has figures only, never a value of a row. What becomes of a held delivery
belongs to `take_in`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
    """One expectation on one column of the frame: what it bounds, whether it held; `drifts` = where it did not."""

    name: str
    level: Level
    bound: float
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


@dataclass(frozen=True)
class _Bound:
    """An inclusive bound on one column of the frame."""

    column: str
    level: Level
    low: float | None
    high: float | None


_Row = Mapping[str, float | str]

#: Columns of the frame whose bound is the dossier's own, in the order in which they decide.
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
    bounds = _bounds(feed, counts)
    results = _validate(_frame(counts), bounds)
    checks = [
        QualityCheck(
            name=bound.column,
            level=bound.level,
            bound=float(bound.low if bound.low is not None else bound.high or 0),
            is_met=met,
            drifts=() if met else tuple(one for one in counts.drifts if one.check == bound.column and one.is_unusual),
        )
        for bound, met in zip(bounds, results, strict=True)
    ]
    return QualityReport(feed.feed_id, tuple(checks))


def _bounds(feed: Feed, counts: FeedCounts) -> list[_Bound]:
    # whoever took a consent back must not wait: withdrawals of an odd volume are told of, and go in
    level = Level.HOLD if feed.kind == "optins" else Level.WARN
    bounds = [_Bound("records", level, float(feed.min_rows), None)]
    if feed.mode == "full" and feed.max_change_pct is not None and counts.records_before:
        bounds.append(_Bound("change_pct", level, None, float(feed.max_change_pct)))
    drifting = {drift.check for drift in counts.drifts}
    return bounds + [_Bound(check, Level.WARN, None, bound) for check, bound in BOUNDS.items() if check in drifting]


def _frame(counts: FeedCounts) -> list[_Row]:
    """Return the rows of the frame: the file's own counts, then one row per figure that is compared with history."""
    change = 100.0 * abs(counts.records - (counts.records_before or 0)) / (counts.records_before or 1)
    whole: _Row = {"subject": "", "records": float(counts.records), "change_pct": change}
    drifting: list[_Row] = [{"subject": drift.subject, drift.check: drift.distance} for drift in counts.drifts]
    return [whole, *drifting]


def _validate(frame: Sequence[_Row], bounds: Sequence[_Bound]) -> list[bool]:
    """Run the suite and return, for each bound, whether it was met (BOOLEAN_ONLY: results hold no values).

    The library takes seconds to import, so only a process that judges a delivery does.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the library is imported
    gx: Any = importlib.import_module("great_expectations")
    pandas: Any = importlib.import_module("pandas")

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    suite = gx.ExpectationSuite(name="feed_contract")
    for bound in bounds:
        suite.add_expectation(
            gx.expectations.ExpectColumnValuesToBeBetween(
                column=bound.column, min_value=bound.low, max_value=bound.high
            )
        )
    asset = context.data_sources.add_pandas("counts").add_dataframe_asset("counts")
    batch = asset.add_batch_definition_whole_dataframe("delivery").get_batch(
        {"dataframe": pandas.DataFrame(list(frame))}
    )
    found = batch.validate(suite, result_format="BOOLEAN_ONLY")
    met = {result.expectation_config.kwargs["column"]: bool(result.success) for result in found.results}
    return [met[bound.column] for bound in bounds]
