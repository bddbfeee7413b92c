"""Names of files: which are names, what is masked in them, and that a server's paths never leave the partner's folder."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from consent.dossiers.transport import CompleteWhen, SftpServer, Transport
from partners_ingest.arrival import sftp
from partners_ingest.arrival.file_names import is_plain_name, masked_name, storable_name
from partners_ingest.arrival.sftp import fetch
from stores.all_stores import open_stores
from stores.home import init_home
from stores.migrations.migrate import migrate
from terms.settings import load_settings

PATHS = [
    "/etc/names.csv",
    "../other-partner/names.csv",
    "..",
    ".",
    "",
    "a/names.csv",
    "a\\names.csv",
    "names\0.csv",
    "names\n.csv",
    "names\x85.csv",
    f"{'n' * 252}.csv",
]


@pytest.mark.parametrize("name", PATHS)
def test_what_is_a_path_or_cannot_be_seen_is_no_name(name: str) -> None:
    assert not is_plain_name(name)


@pytest.mark.parametrize("name", ["names.csv", "accords été.csv", "\udce9t\udce9.csv", "..names.csv"])
def test_names_are_names(name: str) -> None:
    assert is_plain_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "names_0639980042.csv",
        "06 39 98 00 42.csv",
        "names_+33639980042_20260309.csv",
        "0033-6-39-98-00-42.csv",
        "33639980042.csv",
        "639980042.csv",
        "zoe.berard@exemple.test_20260309.csv",
    ],
)
def test_what_looks_like_a_number_or_an_address_is_masked(name: str) -> None:
    masked = masked_name(name)
    assert "[masked-" in masked
    assert "0042" not in masked.replace(" ", "").replace("-", "") and "berard" not in masked
    assert masked_name(masked) == masked


@pytest.mark.parametrize(
    "name",
    [
        "names_20260309.csv",
        "lines_20260309T020000Z.jsonl.gz",
        "export_2026-03-09_02-00-00.csv",
        "customer_2026-03-09_020000.csv",
        "20260309020000/names_20260309.csv",
        "export_1773043200.csv",
        "responses_20260504_0600.csv",
    ],
)
def test_days_and_hours_are_not_masked(name: str) -> None:
    assert masked_name(name) == name


def test_control_characters_are_written_out() -> None:
    assert storable_name("a\nb\udce9") == "a\\x0ab\\xe9"


class _Server:
    """Answers as a server that names files as it likes, all of one content."""

    def listdir_attr(self, _folder: str) -> list[SimpleNamespace]:
        names = [*PATHS, "names.csv"]
        return [SimpleNamespace(filename=name, st_size=4, st_mtime=1, st_mode=stat.S_IFREG) for name in names]

    def open(self, _remote: bytes, _mode: str) -> BytesIO:
        content = BytesIO(b"data")
        content.prefetch = lambda **_: None  # type: ignore[attr-defined]
        return content


def test_a_server_cannot_write_outside_the_folder_of_its_partner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def connected(*_: object) -> Iterator[_Server]:
        yield _Server()

    monkeypatch.setattr(sftp, "_connected", connected)
    (tmp_path / "landing" / "other-partner").mkdir(parents=True)
    (tmp_path / "mine.password").write_text("x")
    (tmp_path / "mine.password").chmod(0o600)
    settings = load_settings(
        {
            "FILIATION_ENV": "test",
            "FILIATION_HOME": str(tmp_path / "home"),
            "FILIATION_LANDING": str(tmp_path / "landing"),
            "FILIATION_TRANSPORT_SECRETS": str(tmp_path),
        }
    )
    init_home(settings)
    stores = open_stores(settings)
    migrate(stores.engine)
    server = SftpServer("127.0.0.1", 22, "x", "/drop", ("*",), ())
    report = fetch(stores, "mine", Transport(CompleteWhen.QUIET, None, server), lambda _: None)
    written = [path.relative_to(tmp_path / "landing").as_posix() for path in (tmp_path / "landing").rglob("*.csv")]
    assert (report.fetched, written) == (1, ["mine/names.csv"])
    stores.engine.dispose()
