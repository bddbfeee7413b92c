"""All deliveries of a run judged together by great-expectations, on a frame of their counts and shares.

It says what a person should look at; it holds nothing: each delivery was judged by itself before (`quality`). The frame has
figures only, never a value of a row. Showing the answer belongs to `assets`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from partners_ingest.intake.drift import BOUNDS
from partners_ingest.intake.quality import Level, QualityCheck, QualityReport

#: Columns of the frame that bounds of the dossier concern.
CONTRACT = ("records", "change_pct")


def judge_deliveries(reports: Sequence[QualityReport]) -> Mapping[str, bool]:
    """Return for each check whether all deliveries meet it; one that no delivery was compared by is met.

    The library takes seconds to import, so nothing is judged where nothing came.

    Args:
        reports: of the deliveries of one run whose rows were judged.

    Returns:
        `records`, `change_pct` and the checks of drift -> whether all are met; withdrawals count for drift only.
    """
    met = dict.fromkeys((*CONTRACT, *BOUNDS), True)
    rows = [row for report in reports for check in report.checks for row in _rows(check)]
    return {**met, **_validate(rows)} if rows else met


def _rows(check: QualityCheck) -> Iterator[Mapping[str, float]]:
    """Yield a row of the frame for each value: it stands in the column of its check, its bound in a column beside."""
    if check.name not in CONTRACT or check.level is Level.HOLD:
        yield from ({check.name: value, _bound(check.name): check.bound} for value in check.values)


def _bound(name: str) -> str:
    return f"{name}_bound"


def _validate(rows: Sequence[Mapping[str, float]]) -> Mapping[str, bool]:
    """Run the suite, one expectation for each check (BOOLEAN_ONLY: results hold no values)."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the library is imported
    gx: Any = importlib.import_module("great_expectations")
    pandas: Any = importlib.import_module("pandas")

    names = sorted({name for row in rows for name in row if _bound(name) in row})
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    suite = gx.ExpectationSuite(name="feed_contracts")
    for name in names:
        larger, smaller = (name, _bound(name)) if name == "records" else (_bound(name), name)
        suite.add_expectation(
            gx.expectations.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=larger, column_B=smaller, or_equal=True, ignore_row_if="either_value_is_missing"
            )
        )
    asset = context.data_sources.add_pandas("counts").add_dataframe_asset("counts")
    batch = asset.add_batch_definition_whole_dataframe("run").get_batch({"dataframe": pandas.DataFrame(list(rows))})
    found = batch.validate(suite, result_format="BOOLEAN_ONLY")
    pairs = [(result.expectation_config.kwargs, bool(result.success)) for result in found.results]
    return {name: met for kwargs, met in pairs for name in names if name in (kwargs["column_A"], kwargs["column_B"])}
