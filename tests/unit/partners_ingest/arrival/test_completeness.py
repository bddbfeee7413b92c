"""A file counts when it is complete, whatever shows that; what is not complete waits, and nothing is moved."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from consent.dossiers.dossiers import DossierInvalid, read_dossier
from consent.dossiers.transport import CompleteWhen, Transport
from partners_ingest.arrival.completeness import Arrivals, sort_arrivals, stalled
from partners_ingest.arrival.landing import scan_landing
from tests.scenes.door.dossier_samples import DOSSIER, PARTNER, write_dossier

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC).timestamp()
DATA = b"id;left_on\n1;2026-03-01\n"


def _drop(root: Path, name: str, data: bytes = DATA, age: float = 600) -> Path:
    path = root / PARTNER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (NOW - age, NOW - age))
    return path


def _look(root: Path, when: CompleteWhen = CompleteWhen.QUIET, suffix: str | None = None) -> Arrivals:
    transports: Mapping[str, Transport] = {PARTNER: Transport(when, suffix, None)}
    return sort_arrivals(scan_landing(root), transports, NOW, 60)


def _names(arrivals: Arrivals) -> tuple[list[str], list[str]]:
    return [item.file_name for item in arrivals.complete], [item.file_name for item in arrivals.waiting]


def test_a_file_at_rest_is_complete_and_a_fresh_one_waits(tmp_path: Path) -> None:
    _drop(tmp_path, "old.csv", age=60)
    _drop(tmp_path, "fresh.csv", age=59)
    _drop(tmp_path, "tomorrow.csv", age=-3600)
    assert _names(_look(tmp_path)) == (["old.csv", "tomorrow.csv"], ["fresh.csv"])


def test_a_file_that_the_drop_server_logged_is_complete(tmp_path: Path) -> None:
    _drop(tmp_path, "fresh.csv", age=1)
    log = f"partner,file,arrived_at_utc,bytes\n{PARTNER},fresh.csv,2026-11-24T07:00:00Z,{len(DATA)}\n"
    (tmp_path / "arrivals.csv").write_text(log)
    assert _names(_look(tmp_path)) == (["fresh.csv"], [])


def test_a_marker_shows_it_and_is_no_delivery(tmp_path: Path) -> None:
    _drop(tmp_path, "a.csv", age=1)
    _drop(tmp_path, "b.csv", age=9999)
    _drop(tmp_path, "a.csv.done", b"", age=1)
    assert _names(_look(tmp_path, CompleteWhen.MARKER, ".done")) == (["a.csv"], ["b.csv"])


@pytest.mark.parametrize(("told", "complete"), [(DATA, True), (DATA[:-1], False)])
def test_a_checksum_must_fit(tmp_path: Path, told: bytes, complete: bool) -> None:
    _drop(tmp_path, "a.csv")
    _drop(tmp_path, "a.csv.sha256", f"{sha256(told).hexdigest()}  a.csv\n".encode())
    assert _names(_look(tmp_path, CompleteWhen.SHA256))[0 if complete else 1] == ["a.csv"]


@pytest.mark.parametrize("manifest", ["a.csv.gz.manifest.json", "a.manifest.json"])
@pytest.mark.parametrize(("size", "complete"), [(len(DATA), True), (len(DATA) + 1, False)])
def test_a_manifest_must_fit(tmp_path: Path, manifest: str, size: int, complete: bool) -> None:
    _drop(tmp_path, "a.csv.gz")
    files = [{"name": "a.csv.gz", "bytes": size, "sha256": sha256(DATA).hexdigest(), "rows": 1}]
    _drop(tmp_path, manifest, json.dumps({"schema_version": 1, "files": files}).encode())
    assert _names(_look(tmp_path, CompleteWhen.MANIFEST))[0 if complete else 1] == ["a.csv.gz"]


@pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b'{"files": [{"name": "a.csv"}]}', b'{"files": 3}'])
def test_half_a_manifest_shows_nothing(tmp_path: Path, manifest: bytes) -> None:
    _drop(tmp_path, "a.csv")
    _drop(tmp_path, "a.csv.manifest.json", manifest)
    assert _names(_look(tmp_path, CompleteWhen.MANIFEST)) == ([], ["a.csv"])


def test_a_transfer_that_stands_still_is_told_by_partner(tmp_path: Path) -> None:
    _drop(tmp_path, "a.csv", age=3599)
    _drop(tmp_path, "b.csv", age=3600)
    assert stalled(_look(tmp_path, CompleteWhen.MARKER, ".done").waiting, NOW) == {PARTNER: 1}


def test_a_name_that_is_no_utf_8_is_text_that_can_be_stored(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / PARTNER)
    os.makedirs(folder)
    for name in (b"caf\xe9.csv", "café.csv".encode()):
        with open(os.path.join(folder, name), "wb") as handle:
            handle.write(DATA)
    found = scan_landing(tmp_path)
    assert sorted(item.file_name for item in found) == ["caf\\xe9.csv", "café.csv"]
    assert all(item.path.read_bytes() == DATA and item.file_name.encode() for item in found)


@pytest.mark.parametrize(
    ("transport", "said"),
    [
        ('{complete_when: "soon", marker_suffix: null, sftp: null}', "transport.complete_when is none of quiet"),
        ('{complete_when: "marker", marker_suffix: null, sftp: null}', "transport.marker_suffix goes with a marker"),
        ('{complete_when: "quiet", marker_suffix: ".done", sftp: null}', "null without it"),
        ('{complete_when: "quiet", marker_suffix: null, sftp: {host: "h", port: 22, user: "u", folder: "/", '
         'patterns: ["*"], host_keys: []}}', "at least one is needed"),
        ('{complete_when: "quiet", marker_suffix: null, sftp: {host: "h", port: 0, user: "u", folder: "/", '
         'patterns: ["*"], host_keys: ["ssh-ed25519 AAAA"]}}', "transport.sftp.port is not a whole number of at least 1"),
        ('{complete_when: "quiet", marker_suffix: null, sftp: {host: "h", port: 22, user: "u", folder: "/", '
         'patterns: ["*"], password: "x", host_keys: ["ssh-ed25519 AAAA"]}}', "transport.sftp.password is not known here"),
    ],
)  # fmt: skip
def test_a_transport_that_cannot_be_used_is_said_by_its_line(tmp_path: Path, transport: str, said: str) -> None:
    folder = write_dossier(tmp_path, DOSSIER.replace("\nchain:", f"\ntransport: {transport}\nchain:", 1))
    with pytest.raises(DossierInvalid, match=said):
        read_dossier(folder)
