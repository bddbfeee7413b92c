"""The evaluator of audiences for a base that a test makes by hand: dbt's own macros, rendered without dbt.

What they do is tested where they are used: in the mart `segment_members` and in the rooms of `sends`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import yaml
from jinja2 import Environment

from terms.settings import PROJECT_ROOT

_DBT_PROJECT = PROJECT_ROOT / "dbt_project"
_FILES = ("places", "audience")
_STATEMENTS = (
    "criterion_columns_sql",
    "departement_of_sql",
    "is_aged_sql",
    "chosen_bureaux_sql",
    "audience_members_sql",
)


def create_audience_macros(
    build: duckdb.DuckDBPyConnection, criteria: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Create the macros in a base that has the marts they read.

    Args:
        build: a writing connection to it.
        criteria: criteria by column of `contacts`; None = as the model's meta says.
    """
    said = criteria_of_contacts() if criteria is None else criteria
    columns = {name: {"name": name, "meta": {"criteria": list(found)}} for name, found in said.items()}
    text = "".join((_DBT_PROJECT / "macros" / f"{name}.sql").read_text() for name in _FILES)
    macros = (
        Environment(extensions=["jinja2.ext.do"])
        .from_string(text, {"execute": True, "graph": {"nodes": {"model.filiation.contacts": {"columns": columns}}}})
        .module
    )
    for name in _STATEMENTS:
        build.execute(getattr(macros, name)())


def criteria_of_contacts() -> dict[str, list[str]]:
    """Return the criteria by column of `contacts`, as the model's meta says."""
    (model,) = yaml.safe_load((_DBT_PROJECT / "models/marts/contacts.yml").read_text())["models"]
    metas = {column["name"]: column.get("config", {}).get("meta", {}) for column in model["columns"]}
    return {name: meta["criteria"] for name, meta in metas.items() if "criteria" in meta}
