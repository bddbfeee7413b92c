"""The sensor that sees new files in the landing folder and asks for a refresh.

It lists names and sizes and opens nothing; whether a file is any good is the intake's business.
"""

import json

import dagster as dg
from sqlalchemy import select

from partners_ingest.landing import scan_landing
from stores import operations
from stores.house import House
from terms.identifiers import digest


def delivery_sensor(job: object) -> dg.SensorDefinition:
    """Return the sensor; a file counts when its size was the same at two looks in a row."""

    @dg.sensor(
        name="new_deliveries",
        job=job,  # type: ignore[arg-type]
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for a refresh when a complete file lies in the landing folder that no delivery knows.",
    )
    def new_deliveries(
        context: dg.SensorEvaluationContext, house: dg.ResourceParam[House]
    ) -> dg.SensorResult | dg.SkipReason:
        """Look once and ask for a run if a complete file is new."""
        if not house.settings.landing.is_dir():
            return dg.SkipReason("There is no landing folder yet.")
        sizes = _unknown_files(house)
        before = json.loads(context.cursor or "{}")
        complete = sorted(name for name, size in sizes.items() if before.get(name) == size)
        requests = [dg.RunRequest(tags={"filiation/new_files": str(len(complete))})] if complete else []
        kept = {name: size for name, size in sizes.items() if name not in complete}
        return dg.SensorResult(run_requests=requests, cursor=json.dumps(kept, sort_keys=True))

    return new_deliveries


def _unknown_files(house: House) -> dict[str, int]:
    """Return sizes by a hash of partner and name: a name is the partner's text, and the cursor is kept by Dagster."""
    table = operations.deliveries
    with house.engine.connect() as connection:
        known = {tuple(row) for row in connection.execute(select(table.c.partner_id, table.c.file_name))}
    return {
        digest(arrival.partner_id, arrival.file_name)[:16]: arrival.path.stat().st_size
        for arrival in scan_landing(house.settings.landing)
        if (arrival.partner_id, arrival.file_name) not in known
    }
