"""Dagster's own home inside `FILIATION_HOME`: its configuration file and its instance.

What runs there is defined in `pipelines.jobs`, `pipelines.schedules` and `pipelines.sensors`.
"""

from __future__ import annotations

import os
from pathlib import Path

from stores.home import Home
from terms.settings import PROJECT_ROOT

TEMPLATE = PROJECT_ROOT / "config" / "dagster.yaml"


def prepare_instance(home: Home) -> Path:
    """Copy the instance configuration into the home's Dagster folder and return that folder."""
    target = home.dagster / "dagster.yaml"
    target.write_text(TEMPLATE.read_text())
    return home.dagster


def use_instance(home: Home) -> None:
    """Make this process work on the home's Dagster instance."""
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
