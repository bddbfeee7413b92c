"""The sensor that sees new files in the landing folder and asks for a refresh.

The partner's dossier and `partners_ingest.arrival.completeness` decide when a file is complete; whether it can be used is
decided by `partners_ingest.intake`.
"""

import time
from typing import TYPE_CHECKING

import dagster as dg

from consent.dossiers.dossiers import read_dossiers
from partners_ingest.arrival.completeness import sort_arrivals
from partners_ingest.arrival.fetched_files import with_fetched
from partners_ingest.arrival.landing import Arrival, scan_landing
from partners_ingest.intake.overview import unknown_files
from stores.all_stores import Stores
from terms.identifiers import digest

if TYPE_CHECKING:
    # what `pipelines.jobs` returns; Dagster does not export its name
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


def delivery_sensor(job: "UnresolvedAssetJobDefinition") -> dg.SensorDefinition:
    """Return the sensor; the same new files are asked for once, whatever becomes of that run."""

    @dg.sensor(
        name="new_deliveries",
        job=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for a refresh when a complete file lies in the landing folder that no delivery knows.",
    )
    def new_deliveries(stores: dg.ResourceParam[Stores]) -> dg.RunRequest | dg.SkipReason:
        """Look once and ask for a run if a complete file is new."""
        if not stores.settings.landing.is_dir():
            return dg.SkipReason("There is no landing folder yet.")
        new = _new_files(stores)
        if not new:
            return dg.SkipReason("No complete file is new.")
        return dg.RunRequest(run_key=_hash_of(new), tags={"filiation/new_files": str(len(new))})

    return new_deliveries


def _new_files(stores: Stores) -> list[Arrival]:
    dossiers = read_dossiers(stores.settings.partners).dossiers
    transports = {partner_id: dossier.transport for partner_id, dossier in dossiers.items()}
    found = sort_arrivals(
        with_fetched(stores.engine, scan_landing(stores.settings.landing)),
        transports,
        time.time(),
        stores.settings.quiet_seconds,
    )
    return unknown_files(stores.engine, found.complete)


def _hash_of(files: list[Arrival]) -> str:
    """Return what tells these files apart from others; a name is the partner's text, and Dagster keeps the key."""
    told = [(item.partner_id, item.file_name, str(item.path.stat().st_mtime_ns)) for item in files]
    return digest(*(part for item in sorted(told) for part in item))[:16]
