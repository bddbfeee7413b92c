"""The step that redacts, in the evidence of a delivery that was read, the lines about persons who were erased.

How a line is redacted belongs to `partners_ingest.erased.redaction`; whom to erase, to `lineage`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from partners_ingest.arrival.unpacking import open_unpacked
from partners_ingest.erased.erased_records import Marks, marked_lines
from partners_ingest.erased.redaction import KeptDelivery, redact_lines
from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import ReadResult
from partners_ingest.readers.delivered_lines import read_lines
from stores.all_stores import Stores
from stores.evidence.evidence_store import EvidenceStore
from stores.evidence.redactions import redacted_lines
from terms.reasons import FileOutcome


def redact_erased_lines(stores: Stores, case: DeliveryCase, result: ReadResult) -> None:
    """Redact the lines about erased persons, whatever became of the delivery; a file without lines has none.

    Args:
        stores: whose evidence and vault are rewritten.
        case: the delivery.
        result: what reading it gave. Of a delivery whose rows were judged the lines are known; in others numbers are
            looked for. A held one may yet be read, and tell later acts of a person who was purged: those stay.
    """
    if result.container is None or result.content is None or result.commitments is None:
        return
    kept = KeptDelivery(case.delivery_id, result.container, result.content.encoding.name, has_lines=True)
    if result.rows is not None:
        found = set(result.rows.erased)
    else:
        marks = case.marks.closed() if result.outcome is FileOutcome.HELD else case.marks
        found = _marked_lines(stores.evidence, kept, marks)
    if found - redacted_lines(stores.engine, case.delivery_id):
        redact_lines(stores, kept, found, case.now)


def _marked_lines(evidence: EvidenceStore, kept: KeptDelivery, marks: Marks) -> set[int]:
    """Look for numbers that are marked in the lines of a delivery that no reader typed."""
    if not marks:
        return set()
    return {
        line
        for batch in _lines(evidence, kept)
        for line in marked_lines(
            zip(batch.column("line_number").to_pylist(), batch.column("raw").to_pylist(), strict=True), marks
        )
    }


def _lines(evidence: EvidenceStore, kept: KeptDelivery) -> Iterator[pa.Table]:
    """Yield the lines of a delivery from its evidence, batch by batch."""
    with open_unpacked(evidence, kept.delivery_id, kept.container) as unpacked:
        yield from read_lines(unpacked, kept.unit)
