"""What the dbt models say of facts of partners: which of a partner's rows a changed fact concerns, by their meta in dbt's manifest.

A staging model that reads facts of partners names under `concerns_rows_by` the column by which a changed fact finds its
rows. A column of it that limits slots (`int_partners__slots`) names under `limits_slots` the column of the snapshot that
it is made of. Which rows a change concerns is worked out in `publishing.changed_claims`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stores.schemas.column_classes import Table
from stores.warehouse.inputs import SNAPSHOT_KIND
from terms.errors import FiliationError
from terms.settings import PROJECT_ROOT

#: Made by `make setup`, as the assets need it too.
MANIFEST = PROJECT_ROOT / "dbt_project" / "target" / "manifest.json"

#: Columns by which a changed fact finds rows; `publishing/changed_claims.sql` has a statement for each.
CONCERNS_ROWS_BY = ("partner_id", "form_version", "notice_id")

#: Snapshots of facts about partners.
_OF_PARTNERS = ("dossiers", "form_stops")


@dataclass(frozen=True)
class SlotLimit:
    """A column of a snapshot that limits slots: at its instant, or after its last whole second."""

    column: str
    is_after: bool


@dataclass(frozen=True)
class FactTable:
    """A snapshot's table of facts of partners, what its changes find rows by, and its columns that limit slots."""

    kind: str
    table: Table
    concerns_rows_by: str
    limits: tuple[SlotLimit, ...]


def facts_of_partners(manifest: Mapping[str, Any] | None = None) -> tuple[FactTable, ...]:
    """Return each snapshot table of facts of partners with what the models say of it.

    Args:
        manifest: dbt's, parsed; None = that of the installed project.

    Raises:
        FiliationError: there is no manifest; no model, or more than one, says which rows a table concerns; it names
            another column than one of `CONCERNS_ROWS_BY`; a limit is no column of the tables that its model reads, or one
            of several of a model that concerns whole partners.
    """
    models = _models(_installed_manifest(MANIFEST) if manifest is None else manifest)
    tables = {table.name: table for table, kind in SNAPSHOT_KIND.items() if kind in _OF_PARTNERS}
    for model in models:
        _check(model, [tables[name] for name in model.reads if name in tables])
    return tuple(_fact_table(table, models) for table in tables.values())


@dataclass(frozen=True)
class _Model:
    name: str
    reads: tuple[str, ...]
    concerns_rows_by: str
    limits: tuple[SlotLimit, ...]


def _installed_manifest(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        raise FiliationError("dbt has made no manifest of its models.", "Run make setup.")
    parsed: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return parsed


def _models(manifest: Mapping[str, Any]) -> list[_Model]:
    """Return the models that say which rows their facts concern."""
    return [
        _Model(
            node["name"],
            tuple(id_.rsplit(".", 1)[-1] for id_ in node["depends_on"]["nodes"] if id_.startswith("source.")),
            node["config"]["meta"]["concerns_rows_by"],
            tuple(
                SlotLimit(limit["column"], limit["at"] == "end")
                for column in node["columns"].values()
                if (limit := column["config"]["meta"].get("limits_slots"))
            ),
        )
        for node in manifest["nodes"].values()
        if "concerns_rows_by" in node["config"].get("meta", {})
    ]


def _check(model: _Model, tables: list[Table]) -> None:
    if model.concerns_rows_by not in CONCERNS_ROWS_BY:
        raise FiliationError(
            f"The model {model.name} concerns rows by {model.concerns_rows_by!r}.",
            f"Its meta concerns_rows_by is one of {', '.join(CONCERNS_ROWS_BY)}.",
        )
    if model.concerns_rows_by == "partner_id" and len(model.limits) > 1:
        raise FiliationError(
            f"The model {model.name} concerns whole partners and has {len(model.limits)} columns that limit slots.",
            "Where only one of them moved cannot be told then: see publishing/changed_claims.sql.",
        )
    columns = {name for table in tables for name in table.names()}
    for limit in model.limits:
        if limit.column not in columns:
            raise FiliationError(
                f"The model {model.name} limits slots by {limit.column!r}, which it does not read.",
                "Its meta limits_slots names a column of a dbt source that the model reads.",
            )


def _fact_table(table: Table, models: list[_Model]) -> FactTable:
    saying = [model for model in models if table.name in model.reads]
    if len(saying) != 1:
        raise FiliationError(
            f"{len(saying)} models say which rows a change of {table.name} concerns.",
            "Give the one staging model that reads it the meta concerns_rows_by.",
        )
    (model,) = saying
    limits = tuple(limit for limit in model.limits if limit.column in table.names())
    return FactTable(SNAPSHOT_KIND[table], table, model.concerns_rows_by, limits)
