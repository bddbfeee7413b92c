"""The step that copies a file of the landing folder into the evidence, byte for byte.

Which files are complete is decided by `partners_ingest.arrival.completeness`; reading the copy belongs to the later steps.
"""

from __future__ import annotations

from partners_ingest.arrival.landing import Arrival
from stores.evidence.evidence_store import EvidenceStore, Landed
from terms.identifiers import DeliveryId, delivery_id


class StillArriving(Exception):
    """The file changed or went between two looks at it: it is left for the next run."""


def land_bytes(evidence: EvidenceStore, arrival: Arrival, identity: DeliveryId) -> Landed:
    """Keep the bytes that were hashed; of a file that changed meanwhile, nothing is kept.

    Args:
        evidence: where they are kept.
        arrival: the file.
        identity: the delivery that the file was when it was hashed.

    Raises:
        StillArriving: the file is another one now, or went.
    """

    def still_the_same(file_sha256: str) -> DeliveryId:
        found = delivery_id(arrival.partner_id, arrival.file_name, file_sha256)
        if found != identity:
            raise StillArriving
        return found

    try:
        return evidence.land(arrival.path, still_the_same)
    except FileNotFoundError:
        raise StillArriving from None
