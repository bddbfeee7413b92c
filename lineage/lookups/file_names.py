"""Names of delivered files, read from the ledger at look-up.

A file's name is the partner's text and may hold a number, so no base has it. The bytes of a file are read by
`lineage.lookups.evidence_reading`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, select

from stores.operations import delivery_tables
from stores.operations.database import VALUES_AT_ONCE
from terms.batches import batched
from terms.errors import FiliationError

#: Ids asked for at a time: databases bound the parameters of a statement.
#: Put together once: for few deliveries, that takes longer than the answer.
_NAMES = select(delivery_tables.deliveries.c.delivery_id, delivery_tables.deliveries.c.file_name).where(
    delivery_tables.deliveries.c.delivery_id.in_(bindparam("deliveries", expanding=True))
)


def file_names(ledger: Connection, delivery_ids: Collection[str]) -> Mapping[str, str]:
    """Return the name inside the partner's folder of each of these deliveries.

    Raises:
        FiliationError: the ledger does not know one of them: it is not the ledger that the base was built from.
    """
    asked = sorted(set(delivery_ids))
    found: dict[str, str] = {}
    for some in batched(asked, VALUES_AT_ONCE):
        rows = ledger.execute(_NAMES, {"deliveries": some})
        found |= {row.delivery_id: row.file_name for row in rows}
    if unknown := set(asked) - found.keys():
        raise FiliationError(
            f"The base rests on {len(unknown)} deliveries that the operations database does not know.",
            "Check FILIATION_DATABASE_URL, or restore the database from the backup.",
        )
    return found
