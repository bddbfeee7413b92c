"""The two jobs: the nightly refresh and the sending of one plan.

Which assets they run is chosen here; what the assets do is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from assets import vocabulary as words

if TYPE_CHECKING:
    # what `define_asset_job` returns; Dagster does not export its name
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

REFRESH = "refresh"
SEND = "send"


def refresh_job() -> UnresolvedAssetJobDefinition:
    """Return the nightly job: everything but the sends, in one process, because a DuckDB file has one writer."""
    return dg.define_asset_job(
        REFRESH,
        selection=dg.AssetSelection.all() - dg.AssetSelection.groups(words.SENDS),
        description="Take in what is new, build the base aside, check it, publish it.",
        executor_def=dg.in_process_executor,
        tags={"filiation/writer": "refresh", "dagster/max_runtime": "14400"},
    )


def send_job() -> UnresolvedAssetJobDefinition:
    """Return the job that hands the messages of one approved plan to its gateway."""
    return dg.define_asset_job(
        SEND,
        selection=dg.AssetSelection.groups(words.SENDS),
        description="Judge again at hand-over and send the plan of this partition; safe to kill and run again.",
        executor_def=dg.in_process_executor,
        tags={"dagster/max_retries": "0"},
    )
