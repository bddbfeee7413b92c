"""Attempts to make the Dagster UI do what the command would refuse: by a run's configuration, and from a foreign page."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import requests
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget

from pipelines.build import build_defs
from pipelines.jobs import REFRESH, SEND
from pipelines.web_server import LocalWebserver, serve_ui
from terms.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
#: All that a run may be told, beside how loudly it logs.
ALLOWED = {
    "ops.sends.config.limit",
    "execution.config.marker_to_close",
    "execution.config.step_dependency_config.require_upstream_step_success",
}
VERSION = {"query": "{ version }"}


@pytest.fixture(scope="module")
def jobs():
    return {job.name: job for job in build_defs().get_repository_def().get_all_jobs()}


def _fields(kind: object, path: tuple[str, ...] = ()) -> Iterator[str]:
    kind = getattr(kind, "config_type", kind)
    for name, field in getattr(kind, "fields", {}).items():
        yield from _fields(field, (*path, name))
    if not hasattr(kind, "fields") and kind.key != "Any":
        yield ".".join(path)


def test_no_field_of_a_run_names_a_program_arguments_or_a_path(jobs):
    told = {field for job in jobs.values() for field in _fields(job.run_config_schema.run_config_schema_type)}
    assert {field for field in told if not field.startswith("loggers.")} == ALLOWED


@pytest.mark.parametrize(
    "config",
    [
        {"resources": {"dbt": {"config": {"dbt_executable": "/bin/bash"}}}},
        {"resources": {"dbt": {"config": {"project_dir": "/tmp"}}}},
        {"resources": {"dbt": {"config": {"global_config_flags": ["--version"]}}}},
        {"resources": {"io_manager": {"config": {"base_dir": "/tmp"}}}},
        {"resources": {"stores": {"config": {"settings": {}}}}},
        {"ops": {"partner_files": {"config": {"landing": "/etc"}}}},
        {"ops": {"open_data_sources": {"config": {"folder": "/etc"}}}},
        {"execution": {"config": {"multiprocess": {"max_concurrent": 2}}}},
    ],
)
@pytest.mark.parametrize("job", [REFRESH, SEND])
def test_a_run_with_such_a_configuration_is_refused(jobs, job, config):
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(jobs[job], config)


@pytest.mark.parametrize("limit", [0, -1, "1; drop"])
def test_a_limit_that_the_command_refuses_is_refused(limit):
    from assets.sends import SendLimit

    with pytest.raises(Exception, match="limit"):
        SendLimit(limit=limit)


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    """Dagster's own web server over an empty workspace, on a real socket: its address."""
    with (
        dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as instance,
        WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as workspace,
    ):
        app = LocalWebserver(workspace).create_asgi_app()
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            assert thread.is_alive()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        thread.join()


def test_a_page_of_the_ui_and_a_local_program_are_answered(ui):
    """The positive control: without it the refusals below would prove nothing."""
    assert "version" in requests.post(f"{ui}/graphql", json=VERSION).json()["data"]
    own = {"Origin": ui, "Sec-Fetch-Site": "same-origin"}
    assert requests.post(f"{ui}/graphql", json=VERSION, headers=own).status_code == 200
    assert requests.get(f"{ui}/server_info").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "127.0.0.1@evil.example"},
        {"Host": "[::1"},
    ],
)
def test_a_foreign_page_or_name_is_refused(ui, headers):
    answer = requests.post(f"{ui}/graphql", json=VERSION, headers=headers)
    assert answer.status_code == 403 and answer.text.startswith("Refused: ")


@pytest.mark.parametrize("kind", ["text/plain", "application/graphql", "application/x-www-form-urlencoded", ""])
def test_what_a_form_of_any_page_can_send_is_refused(ui, kind):
    body = '{"query": "{ version }"}'
    assert requests.post(f"{ui}/graphql", data=body, headers={"Content-Type": kind}).status_code == 403
    assert requests.post(f"{ui}/graphql?query={{version}}", headers={"Content-Type": kind}).status_code == 403


@pytest.mark.parametrize(
    "address", ["/graphql?query={version}", "/graphql?quer%79={version}", "/graphql/?query={version}"]
)
def test_a_query_within_an_address_is_refused(ui, address):
    assert requests.get(ui + address).status_code == 403


def test_no_file_is_read_by_its_name(ui, tmp_path):
    (tmp_path / "a.ipynb").write_text("{}")
    assert requests.get(f"{ui}/notebook", params={"path": str(tmp_path / "a.ipynb")}).status_code == 403


def test_a_foreign_page_opens_no_websocket(ui):
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    asked |= {"Sec-WebSocket-Key": "c2l4dGVlbiBieXRlcyEhIQ==", "Sec-WebSocket-Protocol": "graphql-ws"}
    assert requests.get(f"{ui}/graphql", headers={**asked, "Origin": "https://evil.example"}).status_code == 403


def test_a_port_that_another_program_has_is_told_before_anything_starts():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with dg.DagsterInstance.ephemeral() as instance, pytest.raises(UsageError, match=f"port {port} .*--port"):
            serve_ui(instance, port, print)


def test_the_demo_removes_no_home_but_a_demo_s(tmp_path):
    """Run from a copy of `sample/`, so that nothing else is there: a home without a demo's stamp stays, and so does an exported one."""
    shutil.copytree(ROOT / "sample", tmp_path / "sample", ignore=shutil.ignore_patterns("landing", "open_data"))
    production, own = tmp_path / "production", tmp_path / ".filiation" / "demo"
    for home, environment in ((production, "demo"), (own, "production")):
        home.mkdir(parents=True)
        (home / "home.json").write_text(f'{{\n "environment": "{environment}"\n}}\n')
    env = {**os.environ, "FILIATION_HOME": str(production), "FILIATION_ENV": "production", "FILIATION_VAULT_KEY": "x"}
    ran = subprocess.run([tmp_path / "sample" / "demo.sh"], env=env, capture_output=True, text=True)
    assert ran.returncode == 2 and "has no stamp of a demo" in ran.stderr
    assert (production / "home.json").exists() and (own / "home.json").exists()
