"""The contract of a feed, judged with great-expectations on a small frame of column x counts before the commit.

Only the dossier's own bounds hold a delivery (`min_rows`, `max_change_pct`); drift against the last delivery warns.
The frame has counts only, never a value of a row. What becomes of a held delivery belongs to `intake`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from consent.dossiers import Feed
from terms.reasons import FileReason

#: Policy: more quarantined records than this, in percent, is worth a look.
QUARANTINED_WARN_PCT = 10.0
#: Policy: a share of blank cells that moved by more points than this since the last delivery is worth a look.
DRIFT_WARN_POINTS = 15.0


class Level(StrEnum):
    """What a failed check does: `hold` stops the delivery, `warn` is shown."""

    HOLD = "hold"
    WARN = "warn"


@dataclass(frozen=True)
class FeedCounts:
    """What the contract is judged on: counts of one delivery and, where there is one, of the last accepted one.

    `blanks` and `blanks_before` map a column to the number of accepted rows in which it is null.
    """

    records: int
    quarantined: int
    accepted: int
    blanks: Mapping[str, int]
    records_before: int | None
    accepted_before: int | None
    blanks_before: Mapping[str, int]


@dataclass(frozen=True)
class QualityCheck:
    """One expectation on one column of the frame: what it bounds, whether it held; `fields` = where it did not."""

    name: str
    level: Level
    bound: float
    is_met: bool
    fields: tuple[str, ...]


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


@dataclass(frozen=True)
class _Bound:
    """One expectation: a column of the frame stays within [low, high]."""

    column: str
    level: Level
    low: float | None
    high: float | None


#: Columns of the frame whose bound is the dossier's own, in the order in which they decide.
_HOLDS: Mapping[str, FileReason] = {
    "records": FileReason.ROW_COUNT_LOW,
    "change_pct": FileReason.ROW_COUNT_CHANGE,
}


def judge_contract(feed: Feed, counts: FeedCounts) -> QualityReport:
    """Judge one delivery against its feed's contract.

    Args:
        feed: `min_rows` bounds the records of any delivery, `max_change_pct` the change of a `full` against the
            last accepted full of the feed (partners README, section 3).
        counts: of the delivery and of the last accepted one.
    """
    bounds = _bounds(feed, counts)
    frame = _frame(counts)
    results = _validate(frame, bounds)
    checks = [
        QualityCheck(
            name=bound.column,
            level=bound.level,
            bound=float(bound.low if bound.low is not None else bound.high or 0),
            is_met=met,
            fields=() if met else _outside(frame, bound),
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
    bounds.append(_Bound("quarantined_pct", Level.WARN, None, QUARANTINED_WARN_PCT))
    if counts.accepted_before:
        bounds.append(_Bound("drift_points", Level.WARN, None, DRIFT_WARN_POINTS))
    return bounds


def _frame(counts: FeedCounts) -> list[dict[str, object]]:
    """Return the rows of the frame: one per column of the feed, with counts and shares in percent."""
    change = _percent(abs(counts.records - (counts.records_before or 0)), counts.records_before)
    return [
        {
            "field": name,
            "records": counts.records,
            "change_pct": change,
            "quarantined_pct": _percent(counts.quarantined, counts.records),
            "drift_points": abs(
                _percent(blank, counts.accepted) - _percent(counts.blanks_before.get(name, 0), counts.accepted_before)
            ),
        }
        for name, blank in counts.blanks.items()
    ]


def _percent(part: int, whole: int | None) -> float:
    return 100.0 * part / whole if whole else 0.0


def _outside(frame: Sequence[Mapping[str, object]], bound: _Bound) -> tuple[str, ...]:
    """Return the fields whose figure is outside; a figure of the whole file names none."""
    if bound.column != "drift_points":
        return ()
    return tuple(str(row["field"]) for row in frame if float(str(row[bound.column])) > (bound.high or 0))


def _validate(frame: Sequence[Mapping[str, object]], bounds: Sequence[_Bound]) -> list[bool]:
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
