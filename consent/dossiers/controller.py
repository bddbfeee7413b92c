"""The controller: us, by the name that a notice must show and by what papers tell of us, read from `config/`.

The name is kept as a snapshot. What papers tell is read when one is issued, and is part of the paper. Snapshots of
dossiers belong to `dossier_snapshots`, rules to `consent.rules.registry`, sponsors to `sends.orders.sponsors`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from configuration.documents import Document, read_document
from configuration.field_types import Day, Text, written
from stores.schemas.configuration_tables import CONTROLLER
from stores.snapshots import Snapshot, SnapshotStore
from terms.errors import UsageError


@written()
@dataclass(frozen=True)
class Contacts:
    """What a paper for a citizen tells of us beside our name (GDPR 13 to 15); sentences as they are to be read."""

    registration: Text
    address: Text
    rights_contact: Text
    dpo_contact: Text
    transfers: Text


@written()
@dataclass(frozen=True)
class ControllerFile:
    """`controller.yaml`; the days of our two documents of article 19 are judged by `sends.rules.controller_documents`."""

    legal_name: Text
    papers: Contacts | None = None
    targeting_policy_on: Day | None = None
    risk_assessment_on: Day | None = None


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
    file = read_controller_file(config).record
    return Controller(file.legal_name, file.papers)


def read_controller_file(config: Path) -> Document[ControllerFile]:
    """Read `controller.yaml` as it is written.

    Raises:
        UsageError: missing, or a key is wrong.
    """
    return read_document(config / "controller.yaml", ControllerFile, "controller.yaml")


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
