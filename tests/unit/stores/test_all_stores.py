"""The record of stores: only what encrypted files open with needs the vault key, and it is made when it is asked for."""

from dataclasses import replace

import pytest

from stores import all_stores
from stores.all_stores import open_stores
from stores.home import init_home
from terms.clock import Clock
from terms.settings import load_settings


@pytest.fixture
def stores(tmp_path):
    settings = load_settings({"FILIATION_ENV": "test", "FILIATION_HOME": str(tmp_path / "home")})
    init_home(settings)
    return open_stores(settings)


def test_what_opens_no_encrypted_file_needs_no_vault_key(stores, monkeypatch):
    def refuse(_):
        raise AssertionError("asked for the keys of encrypted files")

    monkeypatch.setattr(all_stores, "derive_file_keys", refuse)
    assert stores.lake and stores.warehouse and stores.snapshots and stores.number_rules
    assert stores.keys.contact_id("+33639980042")
    for name in ("vault", "evidence"):
        with pytest.raises(AssertionError, match="encrypted files"):
            getattr(stores, name)


def test_a_store_is_opened_once(stores):
    assert stores.vault is stores.vault and stores.evidence is stores.evidence


def test_the_same_stores_by_another_clock_share_the_ledger(stores):
    later = replace(stores, clock=Clock())
    assert later.engine is stores.engine and later.clock is not stores.clock
