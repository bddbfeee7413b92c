"""Forgetting sealed text: text and salt of a journal line or message are destroyed, its commitment stays.

Every other proof still works. Which lines and messages are a person's is decided by `lineage.erasure`. A journal line
of erasure must name the leaves whose salts are gone; otherwise the nightly check reports them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import pyarrow as pa
from sqlalchemy import Connection, select, update

from sealing.seals.messages import SealedBatch
from stores.engine import connect
from stores.files.parquet import read_sql, write_table
from stores.home import Home
from stores.operations import log_tables
from stores.operations.database import VALUES_AT_ONCE
from stores.schemas.configuration_tables import MESSAGE_SEALS
from stores.sql_files import sql_of
from terms.batches import batched

#: What a journal line is about, once it is about nobody.
ERASED = "erased"
_NOTHING = "{}"


def forget_lines(work: Connection, sequences: Sequence[int]) -> list[int]:
    """Empty subject, payload and salt of journal lines and return the positions of their leaves, sorted.

    The caller writes a journal line of erasure with these positions in the same transaction.
    """
    journal, leaves = log_tables.journal, log_tables.log_leaves
    empty = {"subject": ERASED, "payload_json": _NOTHING, "payload_sha256": sha256(_NOTHING.encode()).hexdigest()}
    positions: list[int] = []
    for some in batched(sequences, VALUES_AT_ONCE):
        work.execute(update(journal).where(journal.c.sequence.in_(some)).values(**empty))
        of_these = leaves.c.journal_sequence.in_(some)
        positions += work.execute(select(leaves.c.position).where(of_these)).scalars()
        work.execute(update(leaves).where(of_these).values(salt=None))
    return sorted(positions)


def forget_messages(home: Home, batch: SealedBatch, renamed: Mapping[str, str]) -> int:
    """Destroy the salts of messages in a batch, and give them the ids under which they are kept from now on.

    The batch's file is written again: the caller announces it before (`stores.operations.rewrites`) and seals it after.

    Args:
        home: of the log.
        batch: whose file is rewritten.
        renamed: new `send_id` by old `send_id`.

    Returns:
        The number of messages of the batch that were forgotten.
    """
    file = batch.file(home.log)
    with connect() as target:
        target.register("renamed", pa.table({"old_id": list(renamed), "new_id": list(renamed.values())}))
        target.execute(f"create temp table kept as {read_sql(MESSAGE_SEALS, [file])}")
        found = target.execute("select count(*) from kept semi join renamed on send_id = old_id").fetchone()
        count = int(found[0]) if found else 0
        if count:
            write_table(
                target,
                MESSAGE_SEALS,
                file,
                sql_of(__file__, "forgotten"),
            )
    return count
