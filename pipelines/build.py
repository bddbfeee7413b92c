"""Builds the code location: assets, checks, jobs, schedule, sensor, resources.

The UI, the command and the tests all build it here; tests override resources by name.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject

from assets import base, configuration, fetching, open_data, outlook, partners, sealing, sends
from assets.dbt_models import dbt_models, dbt_project
from open_data.sources import read_sources
from pipelines.jobs import refresh_job, send_job
from pipelines.resources import fixed, sender, stores, writing_stores
from pipelines.schedules import nightly
from pipelines.sensors import delivery_sensor
from terms.settings import PROJECT_ROOT


def build_defs(*, resource_overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """Return fresh definitions.

    Args:
        resource_overrides: resources to use in place of the production ones, by name.
    """
    sources = read_sources(PROJECT_ROOT / "config" / "open_data")
    project = dbt_project()
    refresh, send = refresh_job(), send_job()
    resources: dict[str, object] = {
        "stores": stores,
        "writing_stores": writing_stores,
        "sender": sender,
        "dbt": fixed(_dbt(project)),
        # assets hand each other nothing but through the stores; Dagster's default would write where a run's configuration says
        "io_manager": dg.IOManagerDefinition(_in_memory, config_schema={}),
    }
    return dg.Definitions(
        assets=[
            *configuration.ASSETS,
            *fetching.ASSETS,
            *partners.ASSETS,
            *open_data.assets_of(sources),
            dbt_models(project, open_data.filled_by(sources)),
            *base.ASSETS,
            *outlook.ASSETS,
            *sealing.ASSETS,
            *sends.ASSETS,
        ],
        asset_checks=[*base.CHECKS, *sealing.CHECKS],
        jobs=[refresh, send],
        schedules=[nightly(refresh)],
        sensors=[delivery_sensor(refresh)],
        resources={**resources, **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


def _in_memory(_: dg.InitResourceContext) -> dg.IOManager:
    return dg.InMemoryIOManager()  # type: ignore[no-untyped-call]


def _dbt(project: DbtProject) -> DbtCliResource:
    return DbtCliResource(project_dir=project, dbt_executable=str(Path(sys.executable).with_name("dbt")))
