"""When the refresh runs by itself.

04:00 in Paris exists on every night; 02:30 does not exist on one night of March and twice on one of October.
"""

from __future__ import annotations

import dagster as dg


def nightly(job: dg.ExecutableDefinition | object) -> dg.ScheduleDefinition:
    """Return the schedule of the nightly refresh."""
    return dg.ScheduleDefinition(
        name="nightly_refresh",
        job=job,  # type: ignore[arg-type]
        cron_schedule="0 4 * * *",
        execution_timezone="Europe/Paris",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night at 04:00 Europe/Paris.",
    )
