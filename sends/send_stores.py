"""What a send command works with: those stores of the opened house that sending may touch.

Opening them belongs to `stores.all_stores`. Evidence, lake and snapshots are not here: a sender has no business there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from stores.all_stores import House
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
    def of(cls, house: House) -> SendStores:
        """Return the stores of an opened house that sending may touch."""
        return cls(
            home=house.home,
            keys=house.keys,
            engine=house.engine,
            vault=house.vault,
            warehouse=house.warehouse,
            settings=house.settings,
            clock=house.clock,
        )

    @property
    def number_rules(self) -> NumberRules:
        """Return which invented numbers count here."""
        return NUMBER_RULES[self.settings.environment]
