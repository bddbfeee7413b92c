"""The controller: us, by the name that a notice must show and by what papers tell of us, read from `config/`.

The name is kept as a snapshot. What papers tell is read when one is issued, and is part of the paper. Snapshots of
dossiers belong to `dossier_snapshots`, rules to `consent.rules.registry`, sponsors to `sends.orders.sponsors`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from configuration.marked_yaml import Marked, read_marked
from stores.schemas.configuration_tables import CONTROLLER
from stores.snapshots import Snapshot, SnapshotStore
from terms.errors import UsageError


@dataclass(frozen=True)
class Contacts:
    """What a paper for a citizen tells of us beside our name (GDPR 13 to 15); sentences as they are to be read."""

    registration: str
    address: str
    rights_contact: str
    dpo_contact: str
    transfers: str


#: Days of our papers of article 19, which are in the same file and which `sends` reads.
_PAPER_DAYS = frozenset({"targeting_policy_on", "risk_assessment_on"})


@dataclass(frozen=True)
class Controller:
    """Us, by the name that a notice must show; `contacts` is None where the configuration tells none."""

    legal_name: str
    contacts: Contacts | None

    def required_contacts(self) -> Contacts:
        """Return what papers must tell of us.

        Raises:
            UsageError: the configuration does not tell it.
        """
        if self.contacts is None:
            raise UsageError(
                "controller.yaml does not say how to reach us.",
                "Add `papers` with registration, address, rights_contact, dpo_contact and transfers.",
            )
        return self.contacts


def read_controller(config: Path) -> Controller:
    """Read `controller.yaml` of the configuration folder.

    Raises:
        UsageError: missing, or a key is wrong.
    """
    keys = read_marked(config / "controller.yaml", "controller.yaml").keys(
        frozenset({"legal_name"}), frozenset({"papers"}) | _PAPER_DAYS
    )
    return Controller(keys["legal_name"].text(), _contacts(keys["papers"]) if "papers" in keys else None)


def take_controller_snapshot(store: SnapshotStore, config: Path, at: datetime) -> Snapshot:
    """Write the controller as the next snapshot, or return the current one if nothing changed.

    Args:
        store: of the snapshots.
        config: the configuration folder.
        at: instant of the snapshot (aware).

    Raises:
        UsageError: as `read_controller`.
    """
    return store.take_rows("controller", at, {CONTROLLER: [(read_controller(config).legal_name,)]})


def _contacts(value: Marked) -> Contacts:
    keys = value.keys(frozenset(Contacts.__dataclass_fields__))
    return Contacts(**{name: found.text() for name, found in keys.items()})
