"""One quarantined record as it was delivered, with its reasons, for the person who must see what is wrong with it.

Its bytes are given out by `lineage.lookups.evidence_reading`, which logs the look-up first; lists without values belong
to `partners_ingest.intake.overview`.
"""

from __future__ import annotations

from dataclasses import dataclass

from lineage.lookups.evidence_reading import EvidenceRecord, read_evidence
from partners_ingest.intake.overview import quarantine_reasons
from stores.all_stores import Stores
from terms.errors import UsageError


@dataclass(frozen=True)
class QuarantinedRecord:
    """A record (identity) and every code that keeps it out."""

    evidence: EvidenceRecord
    reasons: tuple[str, ...]


def show_quarantined(
    stores: Stores, delivery_id: str, line: int, *, reason: str, case: str | None = None
) -> QuarantinedRecord:
    """Return the quarantined record that starts at a line; the look-up is logged and the bytes are verified first.

    Args:
        stores: the opened stores.
        delivery_id: of an accepted delivery.
        line: 1-based number of the physical line at which the record starts.
        reason: why; recorded.
        case: what the look-up belongs to; recorded.

    Raises:
        UsageError: no reason, or no quarantined record of an accepted delivery starts there.
        EvidenceDiffers: what is kept is not what was delivered.
    """
    codes = quarantine_reasons(stores.engine, stores.lake, delivery_id, line)
    if codes is None:
        raise UsageError(
            "No quarantined record of an accepted delivery starts there.",
            "`filiation quarantine` lists them; `filiation evidence` shows any line.",
        )
    evidence = read_evidence(stores, delivery_id, line, reason=reason, case=case, command="quarantine")
    return QuarantinedRecord(evidence, codes)
