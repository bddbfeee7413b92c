"""Fetching from a real OpenSSH server on loopback: pinned, resumed, once, and never touching what is there."""

from __future__ import annotations

import getpass
import os
import pickle
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent.dossiers.transport import DROPPED, CompleteWhen, SftpServer, Transport
from partners_ingest.arrival.fetched_files import with_fetched
from partners_ingest.arrival.landing import scan_landing
from partners_ingest.arrival.sftp import FetchFailed, FetchReport, fetch, fetch_all
from stores.all_stores import Stores
from stores.home import Home
from stores.migrations.migrate import migrate
from stores.operations.database import open_operations
from terms.clock import Clock
from terms.errors import SecretMissing, UsageError
from terms.settings import load_settings
from tests.commands import sample_shell
from tests.scenes.door.dossier_samples import DOSSIER, write_dossier

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
PARTNER = "atelier-lys"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not Path(SSHD).exists(), reason="OpenSSH's server is not installed")


@dataclass(frozen=True)
class Site:
    """A partner's server with its folder, and our side of it."""

    root: Path
    transport: Transport

    @property
    def remote(self) -> Path:
        return self.root / "remote"

    @property
    def here(self) -> Path:
        return self.root / "landing" / PARTNER

    def offer(self, name: str, data: bytes, at: int = 1_700_000_000) -> None:
        path = self.remote / name
        path.write_bytes(data)
        os.utime(path, (at, at))

    def stores(self) -> Stores:
        told = {"HOME": "home", "LANDING": "landing", "TRANSPORT_SECRETS": "secrets"}
        folders = {f"FILIATION_{name}": str(self.root / folder) for name, folder in told.items()}
        url = f"sqlite:///{self.root}/operations.sqlite"
        words = {"FILIATION_ENV": "test", "FILIATION_DATABASE_URL": url, "FILIATION_QUIET_SECONDS": "60"}
        settings = load_settings(words | folders)
        return Stores(settings, Home(settings.home), open_operations(url), Clock(NOW))

    def fetch(self, pause: Callable[[float], None] = lambda _seconds: None, **changed: object) -> FetchReport:
        transport = replace(self.transport, **changed)  # type: ignore[arg-type]
        return fetch(self.stores(), PARTNER, transport, pause)

    def fetched(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.here).as_posix(): path.read_bytes() for path in self.here.rglob("*") if path.is_file()
        }


def _make_key(path: Path) -> str:
    """Make a key pair and return the public one as a dossier writes it."""
    path.parent.mkdir(exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return " ".join(path.with_name(f"{path.name}.pub").read_text().split()[:2])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, SftpServer]]:
    """A running server that lets one key in."""
    root = tmp_path_factory.mktemp("sshd")
    host_key = _make_key(root / "host_key")
    (root / "authorized_keys").write_text(_make_key(root / "secrets" / f"{PARTNER}.key") + "\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (root / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {root}/host_key\nAuthorizedKeysFile {root}/authorized_keys\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nUsePAM no\n"
        "StrictModes no\nSubsystem sftp internal-sftp\nPidFile none\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd separates privileges
    running = subprocess.Popen([SSHD, "-D", "-e", "-f", str(root / "config")], stderr=subprocess.DEVNULL)
    _wait_for(port)
    yield root, SftpServer("127.0.0.1", port, getpass.getuser(), "", ("*.csv", "*.csv.gz"), (host_key,))
    running.terminate()
    running.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not start")


@pytest.fixture
def site(server: tuple[Path, SftpServer], tmp_path: Path) -> Site:
    root, settings = server
    (tmp_path / "remote").mkdir()
    shutil.copytree(root / "secrets", tmp_path / "secrets")
    migrate(open_operations(f"sqlite:///{tmp_path}/operations.sqlite"))
    sftp = replace(settings, folder=str(tmp_path / "remote"))
    return Site(tmp_path, Transport(CompleteWhen.QUIET, None, sftp))


def test_what_is_new_is_fetched_once_and_nothing_there_is_touched(site: Site) -> None:
    site.offer("b.csv", b"second", at=1_700_000_100)
    site.offer("a.csv.gz", b"first")
    for name in ("other.txt", ".hidden.csv", "c.csv.part", "d.csv.filepart"):
        site.offer(name, b"not ours")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in site.remote.iterdir()}
    assert site.fetch() == FetchReport(PARTNER, fetched=2, waiting=0, bytes=11)
    assert site.fetched() == {"a.csv.gz": b"first", "b.csv": b"second"}
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in site.remote.iterdir()} == before
    assert all(path.stat().st_mode & 0o077 == 0 for path in site.here.iterdir())
    assert site.fetch() == FetchReport(PARTNER, 0, 0, 0)
    arrivals = with_fetched(site.stores().engine, scan_landing(site.root / "landing"))
    assert [(item.file_name, item.is_logged) for item in arrivals] == [("a.csv.gz", True), ("b.csv", True)]
    assert all(NOW <= item.arrived_at < datetime(2026, 11, 25, tzinfo=UTC) for item in arrivals)


def test_a_corrected_file_of_the_same_name_stands_beside_the_first(site: Site) -> None:
    site.offer("a.csv", b"first")
    site.fetch()
    site.offer("a.csv", b"again", at=1_700_000_200)
    assert site.fetch().fetched == 1
    assert sorted(site.fetched().values()) == [b"again", b"first"]
    assert site.fetched()["a.csv"] == b"first"
    names = {item.file_name for item in with_fetched(site.stores().engine, scan_landing(site.root / "landing"))}
    assert len(names) == 2 and all(name.endswith("a.csv") for name in names)


def test_a_server_with_another_key_is_not_believed(site: Site, tmp_path: Path) -> None:
    site.offer("a.csv", b"first")
    assert site.transport.sftp is not None
    pinned = replace(site.transport.sftp, host_keys=(_make_key(tmp_path / "other" / "key"),))
    with pytest.raises(FetchFailed, match="another host key"):
        site.fetch(sftp=pinned)
    assert not site.here.exists()
    both = replace(site.transport.sftp, host_keys=(*pinned.host_keys, *site.transport.sftp.host_keys))
    with pytest.raises(FetchFailed, match="another host key"):
        site.fetch(sftp=replace(both, host_keys=both.host_keys[:1]))


def test_a_key_that_the_partner_does_not_know_is_said(site: Site) -> None:
    for file in (site.root / "secrets").iterdir():
        file.unlink()
    _make_key(site.root / "secrets" / f"{PARTNER}.key")
    with pytest.raises(FetchFailed, match="does not accept our key"):
        site.fetch()


def test_a_secret_is_needed_and_nobody_else_may_read_it(site: Site) -> None:
    key = site.root / "secrets" / f"{PARTNER}.key"
    key.chmod(0o640)
    with pytest.raises(UsageError, match="can be read by others"):
        site.fetch()
    key.unlink()
    with pytest.raises(SecretMissing, match="no key and no password"):
        site.fetch()


def test_a_break_is_resumed_where_it_was(site: Site) -> None:
    """Killed after the first block: the next fetch brings the rest only, and the file is whole."""
    data = os.urandom(5 << 19)  # two and a half blocks
    site.offer("a.csv", data)
    assert _fetch_killed(site, "fetch.block_written") == -9
    assert site.fetched().keys() != {"a.csv"}
    (partial,) = site.here.iterdir()
    kept = partial.stat().st_size
    assert 0 < kept < len(data)
    assert site.fetch() == FetchReport(PARTNER, 1, 0, len(data) - kept)
    assert site.fetched() == {"a.csv": data}


def test_a_kill_between_rename_and_ledger_loses_nothing(site: Site) -> None:
    site.offer("a.csv", b"first")
    assert _fetch_killed(site, "fetch.renamed") == -9
    assert site.fetch().fetched == 1
    assert set(site.fetched().values()) == {b"first"}
    assert site.fetch().fetched == 0


def _fetch_killed(site: Site, step: str) -> int:
    code = (
        "import sys, pickle; from tests.integration.partners_ingest.test_sftp_fetch import Site;"
        "root, transport = pickle.loads(bytes.fromhex(sys.argv[1])); Site(root, transport).fetch()"
    )
    told = pickle.dumps((site.root, site.transport)).hex()
    environ = {
        **os.environ,
        "FILIATION_ENV": "test",
        "FILIATION_FAILPOINT": step,
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    return subprocess.run([sys.executable, "-c", code, told], env=environ, check=False).returncode


def test_a_file_that_still_grows_waits(site: Site) -> None:
    site.offer("a.csv", b"half")
    site.offer("b.csv", b"whole")

    def grow(seconds: float) -> None:
        assert seconds == 60
        site.offer("a.csv", b"half and half", at=1_700_000_001)

    assert site.fetch(grow) == FetchReport(PARTNER, fetched=1, waiting=1, bytes=5)
    assert site.fetch().fetched == 1
    assert site.fetched() == {"a.csv": b"half and half", "b.csv": b"whole"}


def test_a_name_that_is_no_utf8_holds_nothing_up(site: Site) -> None:
    odd = os.fsdecode(b"caf\xe9.csv")
    site.offer(odd, b"odd")
    site.offer("a.csv", b"first")
    assert site.fetch() == FetchReport(PARTNER, fetched=2, waiting=0, bytes=8)
    assert site.fetched() == {"a.csv": b"first", odd: b"odd"}
    assert site.fetch().fetched == 0
    arrivals = with_fetched(site.stores().engine, scan_landing(site.root / "landing"))
    assert {(item.file_name, item.is_logged) for item in arrivals} == {("a.csv", True), ("caf\\xe9.csv", True)}


def test_a_marker_shows_that_a_file_is_complete_and_comes_with_it(site: Site) -> None:
    site.offer("a.csv", b"first")
    site.offer("b.csv", b"second")
    site.offer("a.csv.done", b"")
    report = site.fetch(complete_when=CompleteWhen.MARKER, marker_suffix=".done")
    assert (report.fetched, report.waiting) == (2, 1)
    assert set(site.fetched()) == {"a.csv", "a.csv.done"}


def test_a_server_that_is_away_is_tried_three_times_and_said(site: Site) -> None:
    assert site.transport.sftp is not None
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = replace(site.transport.sftp, port=closed.getsockname()[1])
        waited: list[float] = []
        with pytest.raises(FetchFailed, match="could not be reached or broke off 3 times"):
            site.fetch(waited.append, sftp=away)
    assert len(waited) == 2


def test_a_folder_that_is_not_there_is_said(site: Site) -> None:
    assert site.transport.sftp is not None
    with pytest.raises(FetchFailed, match="is not there"):
        site.fetch(sftp=replace(site.transport.sftp, folder="/nowhere"))


def _without_rest(stores: Stores) -> Stores:
    return replace(stores, settings=replace(stores.settings, quiet_seconds=0))


def test_a_server_that_fails_stops_nobody_else(site: Site) -> None:
    site.offer("a.csv", b"first")
    fetched = fetch_all(
        _without_rest(site.stores()), {"nobody": site.transport, "dropped": DROPPED, PARTNER: site.transport}
    )
    assert [report.partner_id for report in fetched.reports] == [PARTNER]
    assert ["nobody" in str(problem) for problem in fetched.problems] == [True]


def test_the_command_fetches_into_the_landing_folder(site: Site) -> None:
    """The dossier says where from and which host key; the key comes from the folder that the environment names."""
    sftp = site.transport.sftp
    assert sftp is not None
    transport = (
        f'transport:\n  complete_when: "quiet"\n  marker_suffix: null\n  sftp:\n    host: "{sftp.host}"\n'
        f'    port: {sftp.port}\n    user: "{sftp.user}"\n    folder: "{sftp.folder}"\n    patterns: ["*.csv"]\n'
        f'    host_keys: ["{sftp.host_keys[0]}"]\n'
    )
    write_dossier(site.root / "partners", DOSSIER.replace("chain:\n", f"{transport}chain:\n", 1))
    site.offer("names_20260309.csv", b"id\n")
    shell = sample_shell(
        site.root / "home",
        LANDING=str(site.root / "landing"),
        PARTNERS=str(site.root / "partners"),
        TRANSPORT_SECRETS=str(site.root / "secrets"),
    )
    assert shell.run("init").code == 0
    answer = shell.run("partner", "fetch")
    assert (answer.code, answer.out) == (0, ""), answer.err
    assert f"{PARTNER}: 1 files fetched, 3 bytes; 0 not complete" in answer.err
    assert site.fetched() == {"names_20260309.csv": b"id\n"}
    unknown = shell.run("partner", "fetch", "nobody")
    assert unknown.code == 2 and "names a server of 'nobody'" in unknown.err
    keyless = shell.run("partner", "fetch", TRANSPORT_SECRETS="")
    assert keyless.code == 2 and "no key and no password" in keyless.err
