"""The step after a reading that failed: nothing of it is left in lake, vault or evidence but the delivered bytes.

What failed, and what becomes of the delivery, belongs to `partners_ingest.intake.processes`.
"""

from __future__ import annotations

from partners_ingest.intake.delivery_case import DeliveryCase
from stores.all_stores import Stores


def forget_reading(stores: Stores, case: DeliveryCase) -> None:
    """Remove the files of a reading, finished or not; commitments to lines that the ledger knows stay.

    Args:
        stores: whose files are removed.
        case: the delivery, whose reading is not committed.
    """
    stores.lake.forget(case.reading_name)
    stores.vault.forget(case.reading_name)
    if case.known is None or case.known.evidence_root is None:
        stores.evidence.forget_commitments(case.delivery_id)
        stores.vault.forget(case.delivery_id)
