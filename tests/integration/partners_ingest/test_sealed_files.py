"""Files sealed by real GnuPG for our key: opened whole or not at all, held without the key, read when it comes."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from partners_ingest.arrival.seal_marks import is_sealed, name_inside
from partners_ingest.arrival.unpacking import open_unpacked
from partners_ingest.intake.overview import list_deliveries
from tests.scenes.door.delivery_stores import ROWS, Door, open_stores
from tests.scenes.door.dossier_samples import DOSSIER, write_dossier

pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="GnuPG is not installed")

US = "door@contact-citoyen.test"


@dataclass(frozen=True)
class Keyring:
    """A folder of GnuPG's with one key pair; short, because its agent's socket lies in it."""

    home: Path

    def gpg(self, *words: str, data: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--yes", "--quiet", "--trust-model", "always", *words]
        return subprocess.run(command, input=data, check=True, capture_output=True).stdout

    def seal(self, data: bytes, *more: str) -> bytes:
        return self.gpg("--recipient", US, "--encrypt", *more, data=data)


def _make_keyring() -> Keyring:
    keyring = Keyring(Path(tempfile.mkdtemp(prefix="gpg-")))
    keyring.gpg("--passphrase", "", "--quick-generate-key", US, "default", "default", "never")
    return keyring


def _remove(keyring: Keyring) -> None:
    subprocess.run(["gpgconf", "--homedir", str(keyring.home), "--kill", "all"], check=True)
    shutil.rmtree(keyring.home)


@pytest.fixture(scope="module")
def keyring() -> Iterator[Keyring]:
    made = _make_keyring()
    yield made
    _remove(made)


@pytest.fixture
def stores(tmp_path: Path, keyring: Keyring) -> Iterator[Door]:
    write_dossier(tmp_path / "partners")
    opened = _with_keys(open_stores(tmp_path), keyring.home)
    yield opened
    opened.stores.engine.dispose()


def _with_keys(stores: Door, gpg_home: Path | None) -> Door:
    settings = replace(stores.stores.settings, gpg_home=gpg_home)
    return Door(stores.root, replace(stores.stores, settings=settings))


def _zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("names.csv", data)
    return packed.getvalue()


@pytest.mark.parametrize("more", [(), ("--armor",), ("--compress-algo", "none")], ids=["binary", "armoured", "plain"])
def test_a_sealed_file_is_read_as_what_stands_in_it(stores: Door, keyring: Keyring, more: tuple[str, ...]) -> None:
    stores.drop("names_20260309.csv.gz.gpg", keyring.seal(gzip.compress(ROWS.encode()), *more))
    report = stores.one()
    assert (report.outcome, report.reason, report.accepted_rows) == ("accepted", None, 3)
    (found,) = list_deliveries(stores.stores.engine)
    assert found.container == "gzip"
    with open_unpacked(stores.stores.evidence, report.delivery_id, "gzip") as stream:
        assert stream.read() == ROWS.encode()
    stores.drop("names_20260310.csv", ROWS)
    assert stores.one().reason == "DUPLICATE_BYTES"  # what counts is what was sealed


def test_a_sealed_archive_is_read_too(stores: Door, keyring: Keyring) -> None:
    write_dossier(stores.root / "partners", DOSSIER.replace('compression: "by_suffix"', 'compression: "zip"', 1))
    stores.drop("names_20260309.csv.pgp", keyring.seal(_zipped(ROWS.encode())))
    assert stores.one().accepted_rows == 3


def test_a_cut_or_changed_seal_is_refused_and_nothing_of_it_is_used(stores: Door, keyring: Keyring) -> None:
    sealed = keyring.seal(ROWS.encode() * 2000, "--compress-algo", "none")
    stores.drop("names_20260309.csv.gpg", sealed[: len(sealed) // 2])
    changed = bytearray(sealed)
    changed[len(sealed) // 2] ^= 1
    stores.drop("names_20260310.csv.gpg", bytes(changed))
    assert [(report.outcome, report.reason) for report in stores.refresh()] == [("refused", "SEAL_DAMAGED")] * 2
    assert list(Path(tempfile.gettempdir()).glob("filiation-??????????")) == []


def test_a_file_sealed_for_another_key_is_held_until_the_key_comes(stores: Door, keyring: Keyring) -> None:
    other = _make_keyring()
    try:
        stores.drop("names_20260309.csv.gpg", other.seal(ROWS.encode()))
        assert [(report.outcome, report.reason) for report in stores.refresh()] == [("held", "SEAL_NOT_OPENED")]
        assert stores.refresh() == []
        assert _with_keys(stores, None).one().reason == "SEAL_NOT_OPENED"  # no keyring at all: judged, held again
        assert _with_keys(stores, other.home).one().accepted_rows == 3
        assert stores.count("deliveries") == 1
    finally:
        _remove(other)


def test_a_file_sealed_by_a_passphrase_is_held(stores: Door, keyring: Keyring) -> None:
    sealed = keyring.gpg("--passphrase", "secret", "--pinentry-mode", "loopback", "--symmetric", data=ROWS.encode())
    stores.drop("names_20260309.csv.gpg", sealed)
    assert stores.one().outcome == "held"


def test_what_is_sealed_is_seen_by_its_bytes_and_named_by_what_is_inside(keyring: Keyring) -> None:
    assert is_sealed(keyring.seal(b"x")[:32]) and is_sealed(keyring.seal(b"x", "--armor")[:32])
    for text in (
        b"id,name\n",
        "…points".encode("cp1252"),
        "Ãge;nom".encode("cp1252"),
        gzip.compress(b"x"),
        b"PK\x03\x04",
        b"",
    ):
        assert not is_sealed(text)
    assert [name_inside(name) for name in ("a.csv.gz.gpg", "a.csv.PGP", "a.csv")] == ["a.csv.gz", "a.csv", "a.csv"]
