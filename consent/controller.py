"""The controller: us, by the name that a notice must show, read from `config/` and kept as a snapshot.

Dossiers have their own module (`consent.snapshots`), rules theirs (`consent.rules`); sponsors and segments are
`sends`' words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consent.marked_yaml import read_marked
from stores.schemas import CONTROLLER
from stores.snapshots import Snapshot, SnapshotStore


@dataclass(frozen=True)
class Controller:
    """Us, by the name that a notice must show."""

    legal_name: str


def read_controller(config: Path) -> Controller:
    """Read `controller.yaml` of the configuration folder.

    Raises:
        UsageError: missing, or a key is wrong.
    """
    keys = read_marked(config / "controller.yaml", "controller.yaml").keys(frozenset({"legal_name"}))
    return Controller(keys["legal_name"].text())


def take_controller_snapshot(store: SnapshotStore, config: Path, at: datetime) -> Snapshot:
    """Write the controller as the next snapshot, or return the current one if nothing changed.

    Raises:
        UsageError: as `read_controller`.
    """
    return store.take_rows("controller", at, {CONTROLLER: [(read_controller(config).legal_name,)]})
