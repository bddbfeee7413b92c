"""A PostgreSQL server of our own in a temporary folder, on a free loopback port, as a user that is not root."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl, where they are installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _as_server_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root: then its Debian user does it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


class PostgresServer:
    """Starts at once; nothing of the machine's own clusters is touched."""

    def __init__(self, folder_of_binaries: Path, fsync: str = "off"):
        self._binaries = folder_of_binaries
        self._folder = Path(tempfile.mkdtemp(prefix="filiation-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._data, self._fsync = str(self._folder / "data"), fsync
        self._run([f"{self._binaries}/initdb", "-D", self._data, "-U", "filiation", "-A", "trust"])
        self.start()

    @property
    def url(self) -> str:
        """The URL of the server, without a database."""
        return f"postgresql://filiation@127.0.0.1:{self._port}"

    def start(self) -> None:
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync={self._fsync}"
        control = [f"{self._binaries}/pg_ctl", "-D", self._data, "-w", "-l", str(self._folder / "log"), "-o", options]
        self._run([*control, "start"])

    def kill(self) -> None:
        """`kill -9` of the server and of its children, as the kernel does it when memory is out."""
        lock = Path(self._data) / "postmaster.pid"
        pid = int(lock.read_text().splitlines()[0])
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
        for one in (pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        for left in (lock, *self._folder.glob(".s.PGSQL.*.lock")):
            left.unlink()  # where nobody waits for orphans, the dead server would look alive to the next one

    def stop(self) -> None:
        with suppress(subprocess.CalledProcessError):  # it may be dead already
            self._run([f"{self._binaries}/pg_ctl", "-D", self._data, "-m", "immediate", "stop"])
        shutil.rmtree(self._folder, ignore_errors=True)

    def new_database(self) -> str:
        """The URL of an empty database of its own."""
        import psycopg

        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            connection.execute(f"create database {name}")
        return f"{self.url}/{name}"

    def _run(self, command: list[str]) -> None:
        subprocess.run(
            _as_server_user(command), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
        )
