"""The dbt project as assets: one asset per model, all built and tested in one run of dbt.

A model's group and owners are not set here: its own yml states them under `meta`, and `dbt_project.yml` states its layer.
SQL belongs to `dbt_project`; what a base is made of is collected in `publishing.build`.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, DbtProject, dbt_assets

from publishing.build import DBT_PROJECT, collect_inputs, is_published, row_counts, start_build
from stores.all_stores import Stores
from stores.engine import httpfs_file
from stores.sql_files import sql_of

#: Tag of an asset that tells the layer of its model.
_LAYER = "filiation/layer"

#: model -> column -> what it means
Descriptions = Mapping[str, Mapping[str, str]]


class MartTranslator(DagsterDbtTranslator):
    """Names models as assets, and lets each dbt source depend on the assets that fill its table.

    Args:
        filled_by: lake table -> keys of the Python assets that write it, where there may be several.
    """

    def __init__(self, filled_by: Mapping[str, tuple[dg.AssetKey, ...]]) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))
        self._filled_by = filled_by

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Return the spec with every dependency on a jointly filled source replaced by its writers.

        Args:
            manifest: dbt's manifest, parsed.
            unique_id: dbt's id of the model or source, for example `model.filiation.contacts`.
            project: the dbt project, where Dagster knows it.
        """
        spec = super().get_asset_spec(manifest, unique_id, project)
        keys = {key for dep in spec.deps for key in self._writers(dep.asset_key)}
        return spec.replace_attributes(deps=[dg.AssetDep(key) for key in sorted(keys)])

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Return dbt's tags and the model's layer: staging, intermediate or marts; a source has none."""
        layer = dbt_resource_props["meta"].get("layer")
        return {**super().get_tags(dbt_resource_props), **({_LAYER: layer} if layer else {})}

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return the model's own name, without dbt's schema; for a source the key that its yml states."""
        if dbt_resource_props["resource_type"] != "source":
            return dg.AssetKey(dbt_resource_props["name"])
        return super().get_asset_key(dbt_resource_props)

    def _writers(self, key: dg.AssetKey) -> tuple[dg.AssetKey, ...]:
        if key.path[0] != "lake":
            return (key,)
        return self._filled_by.get(key.path[-1], (key,))


def dbt_project() -> DbtProject:
    """Return the dbt project; its manifest is made by `make setup`."""
    return DbtProject(project_dir=DBT_PROJECT, profiles_dir=DBT_PROJECT)


def dbt_models(project: DbtProject, filled_by: Mapping[str, tuple[dg.AssetKey, ...]]) -> dg.AssetsDefinition:
    """Return the assets of all dbt models.

    Args:
        project: the dbt project, with its manifest.
        filled_by: lake table -> keys of the assets that write it, for tables that several write.
    """
    described = _descriptions(project.manifest_path)

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        dagster_dbt_translator=MartTranslator(filled_by),
        name="dbt_models",
    )
    def models(
        context: dg.AssetExecutionContext,
        dbt: dg.ResourceParam[DbtCliResource],
        writing_stores: dg.ResourceParam[Stores],
    ) -> Iterator[Any]:
        """Build every model and run every test on it, unless the serving base was made of the same inputs."""
        inputs = collect_inputs(writing_stores)
        if is_published(writing_stores, inputs):
            context.log.info("Nothing new came in: the serving base stays.")
            return
        start_build(writing_stores, inputs)
        target = writing_stores.home.dbt / "target"
        os.environ["FILIATION_BUILD"] = str(writing_stores.warehouse.build_path)
        os.environ["FILIATION_HTTPFS"] = str(httpfs_file())
        build = ["build", "--exclude-resource-type", "unit_test"]
        # Standard output belongs to the command's answer; dbt's own lines go to the home.
        with (writing_stores.home.dbt / "console.log").open("w") as console, redirect_stdout(console):
            invocation = dbt.cli(build, context=context, target_path=target, raise_on_error=False)
            events = list(invocation.stream())
        yield from _with_tables(writing_stores, described, events)
        if not invocation.is_successful():
            # dbt's own message may quote SQL and values; its log in the home has them, the event log must not
            raise dg.Failure("A dbt model or test failed; see the failed checks of this run.", allow_retries=False)

    return models


def _with_tables(stores: Stores, described: Descriptions, events: list[Any]) -> Iterator[Any]:
    """Yield dbt's events, materialisations with the rows and the typed columns of their table."""
    with stores.warehouse.open_build() as build:
        counts = row_counts(build)
        types = build.execute(sql_of(__file__, "columns")).fetchall()
    columns = dict(types)
    for event in events:
        name = event.output_name if isinstance(event, dg.Output) else None
        if name in counts:
            told = described.get(name, {})
            schema = dg.TableSchema([dg.TableColumn(at, of, description=told.get(at)) for at, of in columns[name]])
            table = {"dagster/row_count": counts[name], "dagster/column_schema": schema}
            yield event.with_metadata({**event.metadata, **table})
        else:
            yield event


def _descriptions(manifest: Path) -> Descriptions:
    """Return what dbt's manifest says of each model's columns."""
    nodes = json.loads(manifest.read_text())["nodes"].values()
    return {
        node["name"]: {name: column["description"] for name, column in node["columns"].items()}
        for node in nodes
        if node["resource_type"] == "model"
    }
