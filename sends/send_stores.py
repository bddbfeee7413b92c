"""What a send command works with: those stores of the opened stores that sending may touch.

Opening them belongs to `stores.all_stores`. Evidence, lake and snapshots are not here: a sender has no business there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from stores.all_stores import Stores
from stores.home import Home
from stores.keys import Keys
from stores.vault import Vault
from stores.warehouse.warehouse import Warehouse
from terms.clock import Clock
from terms.environment import NUMBER_RULES, NumberRules
from terms.settings import Settings


@dataclass(frozen=True)
class SendStores:
    """Home, keys, operations database, vault, base, settings and clock of one process."""

    home: Home
    keys: Keys
    engine: Engine
    vault: Vault
    warehouse: Warehouse
    settings: Settings
    clock: Clock

    @classmethod
    def of(cls, stores: Stores) -> SendStores:
        """Return the stores of the opened stores that sending may touch."""
        return cls(
            home=stores.home,
            keys=stores.keys,
            engine=stores.engine,
            vault=stores.vault,
            warehouse=stores.warehouse,
            settings=stores.settings,
            clock=stores.clock,
        )

    @property
    def number_rules(self) -> NumberRules:
        """Return which invented numbers count here."""
        return NUMBER_RULES[self.settings.environment]
