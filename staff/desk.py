"""What this room needs of the opened stores: the ledger, the settings and the clock.

Opening them belongs to `stores.all_stores`; any record of opened stores that has these three will do.
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Engine

from terms.clock import Clock
from terms.settings import Settings


class Desk(Protocol):
    """Where persons act."""

    @property
    def engine(self) -> Engine:
        """The operations database."""

    @property
    def settings(self) -> Settings:
        """The settings of this process."""

    @property
    def clock(self) -> Clock:
        """The clock of this process."""
