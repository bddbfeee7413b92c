"""Groups, owners and metadata of the assets that are written in Python.

A dbt model names its group and owners in its own yml. What an asset does belongs to the module of its room.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from stores.schemas.column_classes import Table

PARTNERS = "partners"
OPEN_DATA = "open_data"
ELECTIONS = "elections"
CONFIGURATION = "configuration"
TERRITORIES = "territories"
BASE = "base"
SENDS = "sends"

DATA_ENGINEERING = ["team:data-engineering"]
DATA_PROTECTION = ["team:data-protection"]
CAMPAIGNS = ["team:campaigns"]


def counts(**figures: int) -> Mapping[str, Any]:
    """Return metadata that holds counts only."""
    return {name: dg.MetadataValue.int(value) for name, value in figures.items()}


def schema_of(table: Table) -> Mapping[str, Any]:
    """Return the column schema and grain of a stored table as asset metadata."""
    columns = [
        dg.TableColumn(
            column.name, column.type, description=column.meaning or None, tags={"class": column.privacy.value}
        )
        for column in table.columns
    ]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "grain": f"one row per {table.grain}",
        "key": ", ".join(table.key),
    }
