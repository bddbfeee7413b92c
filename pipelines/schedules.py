"""When the refresh runs by itself.

04:00 in Paris exists on every night; 02:30 does not exist on one night of March and twice on one of October.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    # what `pipelines.jobs` returns; Dagster does not export its name
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


def nightly(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Return the schedule of the nightly refresh."""
    return dg.ScheduleDefinition(
        name="nightly_refresh",
        job=job,
        cron_schedule="0 4 * * *",
        execution_timezone="Europe/Paris",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night at 04:00 Europe/Paris.",
    )
