"""The asset graph, its jobs, schedule and sensor are a reviewed list, and the server can load them.

After a wanted change: `python -m tests.integration.pipelines.test_asset_graph` writes the list again; read its difference.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import dagster as dg

from pipelines.build import build_defs
from terms.settings import PROJECT_ROOT

SNAPSHOT = Path(__file__).with_name("asset_graph.json")


def _graph() -> dict[str, object]:
    definitions = build_defs()
    graph = definitions.resolve_asset_graph()
    assets = {
        node.key.to_user_string(): {
            "group": node.group_name,
            "from": sorted(parent.to_user_string() for parent in node.parent_keys),
        }
        for node in (graph.get(key) for key in graph.get_all_asset_keys())
    }
    repository = definitions.get_repository_def()
    return {
        "assets": dict(sorted(assets.items())),
        "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
        "schedules": [
            [schedule.name, schedule.cron_schedule, schedule.execution_timezone]
            for schedule in repository.schedule_defs
        ],
        "sensors": [sensor.name for sensor in repository.sensor_defs],
    }


def _text(graph: dict[str, object]) -> str:
    assets = graph["assets"]
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in assets.items())
    rest = ",\n".join(f" {json.dumps(name)}: {json.dumps(graph[name])}" for name in ("jobs", "schedules", "sensors"))
    return f'{{\n "assets": {{\n{lines}\n }},\n{rest}\n}}\n'


def test_the_graph_is_the_reviewed_one():
    assert SNAPSHOT.read_text() == _text(_graph())


def test_every_asset_has_owner_group_kind_and_description():
    graph = build_defs().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.group_name != "default", key
        assert node.owners, key
        assert node.kinds, key
        assert node.description, key


#: The chapters of the story in their order. A chapter may ask only what stands in it or before it.
CHAPTERS = (
    *("configuration", "open_data", "elections", "partners", "territories"),
    *("dossiers", "claims", "consents", "contacts", "findings", "judgement", "segments"),
    *("base", "sends"),
)
#: More boxes than these are no picture that a person can read.
MOST_BOXES = 25


def test_groups_tell_one_story_without_a_circle():
    graph = build_defs().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        for parent in node.parent_keys:
            assert CHAPTERS.index(graph.get(parent).group_name) <= CHAPTERS.index(node.group_name), (parent, key)


def test_every_group_can_be_read_as_a_picture():
    graph = build_defs().resolve_asset_graph()
    boxes = Counter(graph.get(key).group_name for key in graph.get_all_asset_keys())
    assert set(boxes) == set(CHAPTERS)
    assert {group: count for group, count in boxes.items() if count > MOST_BOXES} == {}


def test_a_model_has_the_layer_of_its_folder():
    graph = build_defs().resolve_asset_graph()
    layers = {key.to_user_string(): graph.get(key).tags.get("filiation/layer") for key in graph.get_all_asset_keys()}
    folders = {file.stem: file.parent.name for file in (PROJECT_ROOT / "dbt_project" / "models").glob("*/*.sql")}
    assert {name: layer for name, layer in layers.items() if layer} == folders


def test_the_schedule_asks_for_four_in_paris_and_the_blocking_checks_block():
    repository = build_defs().get_repository_def()
    (schedule,) = repository.schedule_defs
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 4 * * *", "Europe/Paris")
    graph = build_defs().resolve_asset_graph()
    blocking = {
        key.name
        for key in graph.asset_check_keys
        if graph.get(key).blocking and key.asset_key == dg.AssetKey("contacts")
    }
    assert {"accounts_for_every_row", "keeps_its_volume", "holds_no_identity"} <= blocking


def test_the_server_loads_the_workspace():
    """As `dagster dev` does: in a process of its own, through serialisation."""
    dagster = Path(sys.executable).with_name("dagster")
    done = subprocess.run(
        [str(dagster), "definitions", "validate", "-w", "workspace.yaml"],
        cwd=PROJECT_ROOT,
        env={**os.environ, "FILIATION_ENV": "test", "FILIATION_HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


if __name__ == "__main__":
    SNAPSHOT.write_text(_text(_graph()))
