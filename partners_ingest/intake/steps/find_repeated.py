"""The question whether a delivery repeats an earlier one, by its bytes or by its records.

How duplicates are looked up belongs to `preflight.find_duplicate`.
"""

from __future__ import annotations

from partners_ingest.intake import preflight
from partners_ingest.intake.delivery_case import DeliveryCase
from partners_ingest.intake.delivery_result import Stop
from stores.all_stores import Stores
from terms.reasons import FileReason


def find_same_bytes(stores: Stores, case: DeliveryCase, sha256: str) -> Stop | None:
    """Return DUPLICATE_BYTES where an accepted delivery of the partner has the same unpacked bytes.

    Args:
        stores: for the operations database.
        case: this delivery, which does not repeat itself.
        sha256: hex, of its unpacked bytes; of a table, of the delivered ones.
    """
    repeated = _find(stores, case, "content_sha256", sha256)
    return Stop(FileReason.DUPLICATE_BYTES, duplicate_of=repeated) if repeated else None


def find_same_records(stores: Stores, case: DeliveryCase, fingerprint: str | None) -> Stop | None:
    """Return DUPLICATE_CONTENT where an accepted delivery of the partner has the same records, in whatever order.

    Args:
        stores: for the operations database.
        case: this delivery, which does not repeat itself.
        fingerprint: of its sound records; None repeats nothing.
    """
    repeated = _find(stores, case, "content_fingerprint", fingerprint)
    return Stop(FileReason.DUPLICATE_CONTENT, duplicate_of=repeated) if repeated else None


def _find(stores: Stores, case: DeliveryCase, column: str, value: str | None) -> str | None:
    with stores.engine.connect() as work:
        return preflight.find_duplicate(work, case.partner_id, case.delivery_id, column, value)
