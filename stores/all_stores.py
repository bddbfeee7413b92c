"""All stores of one home, opened together from one set of settings.

Which of them a room needs is decided by the caller on floor 2 or 3. Opening is cheap: no data file is read and no
database is migrated.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from stores.evidence.evidence_store import EvidenceStore
from stores.home import Home, begin_rotation, open_home
from stores.keys import Keys, derive_keys
from stores.lake import Lake
from stores.operations.database import open_operations
from stores.snapshots import SnapshotStore
from stores.vault import Vault
from stores.warehouse.warehouse import Warehouse
from terms.clock import Clock
from terms.settings import Settings


@dataclass(frozen=True)
class Stores:
    """The opened stores of a home, with the settings, keys and clock they were opened with."""

    settings: Settings
    home: Home
    keys: Keys
    engine: Engine
    evidence: EvidenceStore
    vault: Vault
    lake: Lake
    warehouse: Warehouse
    snapshots: SnapshotStore
    clock: Clock


def open_stores(settings: Settings) -> Stores:
    """Open every store of the home that `settings` name.

    Raises:
        UsageError: the home is not initialised, or belongs to another environment or key.
    """
    return _assembled(settings, open_home(settings))


def open_rotating_stores(settings: Settings, new_vault_key: bytes) -> Stores:
    """Open the stores of a home whose vault key is being rotated, with the old key; stamp the home as being rotated.

    Raises:
        UsageError: the home belongs to another environment or key, or is being rotated to another key.
    """
    return _assembled(settings, begin_rotation(settings, new_vault_key))


def _assembled(settings: Settings, home: Home) -> Stores:
    keys = derive_keys(settings)
    engine = open_operations(settings.database_url)
    return Stores(
        settings=settings,
        home=home,
        keys=keys,
        engine=engine,
        evidence=EvidenceStore(home, keys, settings.gpg_home),
        vault=Vault(home, keys),
        lake=Lake(home),
        warehouse=Warehouse(home),
        snapshots=SnapshotStore(home, engine),
        clock=settings.clock(),
    )
