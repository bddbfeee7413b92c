"""All stores of one home, as one record: whatever works with several of them is given this, and there is no other.

Opening is cheap: no data file is read and no database is migrated. What the secret of encrypted files opens is made when
it is first asked for, so a process that never asks needs no more than the other keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine

from stores.evidence.evidence_store import EvidenceStore
from stores.home import Home, begin_rotation, open_home
from stores.keys import Keys, derive_file_keys, derive_keys
from stores.lake import Lake
from stores.operations.database import open_operations
from stores.snapshots import SnapshotStore
from stores.vault import Vault
from stores.warehouse.warehouse import Warehouse
from terms.clock import Clock
from terms.environment import NUMBER_RULES, NumberRules
from terms.settings import Settings


@dataclass(frozen=True)
class Stores:
    """The stores of a home, with the settings and the clock they were opened with; another clock is a `replace` away.

    Attributes:
        settings: of the process.
        home: whose stamp was compared with the settings.
        engine: of the operations database.
        clock: what "now" is.
    """

    settings: Settings
    home: Home
    engine: Engine
    clock: Clock

    @property
    def number_rules(self) -> NumberRules:
        """Which invented numbers count here."""
        return NUMBER_RULES[self.settings.environment]

    @cached_property
    def keys(self) -> Keys:
        """The keys that ids, marks and signatures are made with; none of them opens a file."""
        return derive_keys(self.settings)

    @cached_property
    def vault(self) -> Vault:
        """The only way to identity."""
        return Vault(self.home, derive_file_keys(self.settings))

    @cached_property
    def evidence(self) -> EvidenceStore:
        """What was delivered, byte for byte."""
        return EvidenceStore(self.home, derive_file_keys(self.settings), self.settings.gpg_home)

    @cached_property
    def lake(self) -> Lake:
        """Rows without identity."""
        return Lake(self.home)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The base that is served, and the one that is being built."""
        return Warehouse(self.home)

    @cached_property
    def snapshots(self) -> SnapshotStore:
        """Configuration as it was read."""
        return SnapshotStore(self.home, self.engine)


def open_stores(settings: Settings) -> Stores:
    """Open the stores of the home that `settings` name.

    Raises:
        UsageError: the home is not initialised, or belongs to another environment or key.
    """
    return _opened(settings, open_home(settings))


def open_rotating_stores(settings: Settings, new_vault_key: bytes) -> Stores:
    """Open the stores of a home whose vault key is being rotated, with the old key; stamp the home as being rotated.

    Raises:
        UsageError: the home belongs to another environment or key, or is being rotated to another key.
    """
    return _opened(settings, begin_rotation(settings, new_vault_key))


def _opened(settings: Settings, home: Home) -> Stores:
    return Stores(settings, home, open_operations(settings.database_url), settings.clock())
