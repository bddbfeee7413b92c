"""A home that nothing was taken into yet: its folders, its ledger with every table, no base."""

from __future__ import annotations

from pathlib import Path

from stores.all_stores import Stores, open_stores
from stores.home import init_home
from stores.migrations.migrate import migrate
from terms.settings import load_settings


def fresh_stores(root: Path, **told: str) -> Stores:
    """Return the stores of a fresh home.

    Args:
        root: the home's folder; made here.
        told: further settings, by their name without FILIATION_.
    """
    words = {"ENV": "test", "HOME": str(root), **told}
    settings = load_settings({f"FILIATION_{name}": word for name, word in words.items()})
    init_home(settings)
    stores = open_stores(settings)
    migrate(stores.engine)
    return stores
