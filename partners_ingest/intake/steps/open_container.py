"""The step that opens what a file came in: seal, gzip, zip or table; and what is open then.

What the container is belongs to `partners_ingest.arrival.unpacking`; what is in it, to `check_content` and the later steps.
"""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO

import duckdb

from consent.dossiers.feeds import Feed
from partners_ingest.arrival.bounded_stream import BoundedStream
from partners_ingest.arrival.seal_marks import SealUnopened
from partners_ingest.arrival.unpacking import Container, container_of, count_zip_members, open_delivered, unpack
from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import Stop, Unopened
from partners_ingest.intake.preflight import NamedFile
from partners_ingest.intake.steps.commit_to_lines import LineEvidence, line_keeper
from partners_ingest.readers.delivered_lines import DeliveredLines
from partners_ingest.readers.workbench import open_workbench
from stores.all_stores import Stores
from terms.reasons import FileReason


@dataclass(frozen=True)
class OpenedDelivery:
    """A delivery whose first lines are on the workbench; `named` is None where its name fits no feed."""

    stores: Stores
    case: DeliveryCase
    named: NamedFile | None
    container: Container
    bench: duckdb.DuckDBPyConnection
    lines: DeliveredLines
    evidence: LineEvidence

    @property
    def feed(self) -> Feed:
        """The feed of the file; only for files whose name fits one."""
        assert self.named is not None, "a file without a feed stops before its records are read"
        return self.named.feed


def open_container(
    stores: Stores, case: DeliveryCase, named: NamedFile | None, until_read: ExitStack
) -> OpenedDelivery | Unopened:
    """Open the delivered bytes and put the first lines on a workbench.

    Args:
        stores: for evidence and vault.
        case: the delivery.
        named: its feed; None = its name fits none.
        until_read: closes what was opened, when the delivery is read.

    Returns:
        what is open, or the stop SEAL_NOT_OPENED, SEAL_DAMAGED, ZIP_MULTIPLE_MEMBERS or FORMAT_MISMATCH.
    """
    try:
        delivered = until_read.enter_context(open_delivered(stores.evidence, case.delivery_id))
    except SealUnopened as seal:
        return Unopened(Stop(seal.reason), None)
    feed = named.feed if named else None
    container = container_of(delivered.read(4), feed)
    damage = _check_zip(delivered) if container is Container.ZIP else None
    if damage is not None:
        return Unopened(Stop(damage), container)
    bench = until_read.enter_context(open_workbench(case.scratch, stores.vault, case.limits.disk_mib))
    commitments = stores.evidence.grow_commitments(case.delivery_id, stores.vault)
    until_read.callback(commitments.abandon)  # what is not finished by then never appears
    unpacked = until_read.enter_context(unpack(delivered, container))
    bounded = BoundedStream(unpacked, case.size, case.limits)
    lines = DeliveredLines(bench, bounded, feed, line_keeper(case, bench, commitments))
    evidence = LineEvidence(stores, case, container, bench, lines, commitments)
    return OpenedDelivery(stores, case, named, container, bench, lines, evidence)


def _check_zip(delivered: BinaryIO) -> FileReason | None:
    try:
        members = count_zip_members(delivered)
    except zipfile.BadZipFile:
        return FileReason.FORMAT_MISMATCH
    if members > 1:
        return FileReason.ZIP_MULTIPLE_MEMBERS
    return None if members else FileReason.FORMAT_MISMATCH
