"""The vault's key is rotated whatever kills the process on the way; after it only the new key opens the home."""

import signal

import pytest

from sealing.checks.check import check_chain
from sealing.log.log import Log
from sealing.seals.seal import seal
from stores.all_stores import open_stores
from stores.keys import derive_file_keys
from stores.rotation import rotate_evidence
from stores.schemas.vault_tables import IDENTITIES
from terms.errors import UsageError
from terms.settings import load_settings
from tests.commands import Shell
from tests.scenes.sends.small_send_home import make_home, number

STEPS = [
    "rotation.announced",
    "rotation.evidence_file",
    "rotation.vault_file",
    "rotation.told",
    "rotation.sealed",
]
FILE = b"a;+33639980001;b\n" * 70_000  # more than one chunk


@pytest.fixture
def shell(tmp_path):
    stores = make_home(tmp_path, contacts=20)
    opened = open_stores(stores.settings)
    (tmp_path / "f.csv").write_bytes(FILE)
    for name in ("0123456789abcdef", "0123456789abcdee"):
        opened.evidence.land(tmp_path / "f.csv", lambda _, name=name: name)
    seal(opened)
    opened.engine.dispose()
    settings = {"FILIATION_ENV": "test", "FILIATION_CONFIG": str(stores.settings.config)}
    return Shell(tmp_path / "home", {**settings, "FILIATION_NOW": "2026-11-24T10:00:00+01:00"})


def test_a_killed_rotation_is_ended_by_the_next(shell):
    for step in STEPS:
        answer = shell.run("vault", "rotate", NEW_VAULT_KEY="new secret", FAILPOINT=step)
        assert answer.code == -signal.SIGKILL, (step, answer.err)
        for changes in ({}, {"VAULT_KEY": "new secret"}):  # half under one key, half under the other: nobody reads
            assert shell.run("log", "check", **changes).code == 2, step
    other = shell.run("vault", "rotate", NEW_VAULT_KEY="another secret")
    assert other.code == 2 and "same two keys" in other.err
    assert shell.run("vault", "rotate", NEW_VAULT_KEY="new secret").code == 0
    refused = shell.run("log", "check")
    assert refused.code == 2 and "another vault key" in refused.err
    stores = open_stores(load_settings(shell.environ(VAULT_KEY="new secret")))
    told = {contact: number(place) for place, contact in enumerate(ids(stores))}
    assert stores.vault.numbers(stores.vault.files(IDENTITIES), ids(stores)) == told
    for name in stores.evidence.deliveries():
        with stores.evidence.open(name) as stream:
            assert stream.read() == FILE
    assert check_chain(Log.of(stores), stores.home).holds
    assert not list(stores.home.evidence.rglob("*.partial"))
    stores.engine.dispose()


def test_there_must_be_another_key(shell):
    assert shell.run("vault", "rotate").code == 2
    assert shell.run("vault", "rotate", NEW_VAULT_KEY="same", VAULT_KEY="same").code == 2


def test_a_header_that_was_cut_is_written_again(shell):
    """The moment that no failpoint can name: the process dies within the write."""
    settings = load_settings(shell.environ())
    old, new = (derive_file_keys(one) for one in (settings, load_settings(shell.environ(VAULT_KEY="new secret"))))
    stores = open_stores(settings)
    file = stores.evidence.delivered_file("0123456789abcdef")
    before = file.read_bytes()
    assert rotate_evidence(file, old, new)
    header = file.read_bytes()[:68]
    assert header != before[:68] and file.read_bytes()[68:] == before[68:]
    file.with_name("header.partial").write_bytes(header)
    file.write_bytes(header[:30] + before[30:])
    assert rotate_evidence(file, old, new)
    assert file.read_bytes() == header + before[68:]
    assert not rotate_evidence(file, old, new)
    stores.engine.dispose()


def ids(stores):
    return [stores.keys.contact_id(number(place)) for place in range(20)]


def test_a_home_of_another_key_is_not_rotated(shell):
    answer = shell.run("vault", "rotate", VAULT_KEY="wrong", NEW_VAULT_KEY="new secret")
    assert answer.code == 2
    with pytest.raises(UsageError):
        open_stores(load_settings(shell.environ(VAULT_KEY="new secret")))
