"""What integration tests share: a real PostgreSQL where its server is installed, and fresh databases.

The server runs in a temporary folder on a free loopback port as a user that is not root; nothing of the
machine's own clusters is touched.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _as_server_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root: then its Debian user does it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@pytest.fixture(scope="session")
def postgres_server():
    """URL prefix of a running PostgreSQL server, or a skip that says what is missing."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's server (initdb, pg_ctl) is not installed")
    folder = Path(tempfile.mkdtemp(prefix="filiation-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    run = {"check": True, "capture_output": True, "cwd": "/"}
    subprocess.run(_as_server_user([f"{binaries}/initdb", "-D", data, "-U", "filiation", "-A", "trust"]), **run)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    start = [f"{binaries}/pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start"]
    subprocess.run(_as_server_user(start), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    yield f"postgresql://filiation@127.0.0.1:{port}"
    subprocess.run(_as_server_user([f"{binaries}/pg_ctl", "-D", data, "-m", "immediate", "stop"]), **run)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server):
    """URL of an empty PostgreSQL database of its own."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return f"{postgres_server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def operations_url(request, tmp_path):
    """URL of an empty operations database, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/operations.sqlite"
    return request.getfixturevalue("postgres_url")


@pytest.fixture(scope="session")
def sample_refresh(tmp_path_factory):
    """A home of the bundled sample with one more delivery of planted values, refreshed by the real command."""
    from tests.canaries import landing_with_canaries
    from tests.commands import sample_shell

    folder = tmp_path_factory.mktemp("sample")
    shell = sample_shell(folder / "home with a space", LANDING=str(landing_with_canaries(folder / "landing")))
    made = shell.run("init")
    assert made.code == 0, made.err
    return shell, shell.run("refresh", "--json")
