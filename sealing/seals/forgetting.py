"""Making sealed things say nothing more: text and salt go, the commitment stays, and every other proof with it.

Which lines and messages are a person's is decided by `lineage`; that a salt is gone must be told by an entry of
erasure, or the nightly check names it.
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
from stores.schemas.configuration_tables import MESSAGE_SEALS

#: What a journal line is about, once it is about nobody.
ERASED = "erased"
_NOTHING = "{}"
_CHUNK = 500


def forget_lines(work: Connection, sequences: Sequence[int]) -> list[int]:
    """Take subject, payload and salt of journal lines away and return the positions of their leaves.

    The caller writes an entry of erasure with these positions in the same transaction.
    """
    journal, leaves = log_tables.journal, log_tables.log_leaves
    empty = {"subject": ERASED, "payload_json": _NOTHING, "payload_sha256": sha256(_NOTHING.encode()).hexdigest()}
    positions: list[int] = []
    for start in range(0, len(sequences), _CHUNK):
        some = sequences[start : start + _CHUNK]
        work.execute(update(journal).where(journal.c.sequence.in_(some)).values(**empty))
        of_these = leaves.c.journal_sequence.in_(some)
        positions += work.execute(select(leaves.c.position).where(of_these)).scalars()
        work.execute(update(leaves).where(of_these).values(salt=None))
    return sorted(positions)


def forget_messages(home: Home, batch: SealedBatch, renamed: Mapping[str, str]) -> int:
    """Take the salts of messages out of a batch, under the ids that they have from now on; return how many.

    The file is written again, so it is to be announced before and sealed again after.
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
                "select position, coalesce(new_id, send_id) as send_id, events, if(new_id is null, salt, null) as salt,"
                " commitment from kept left join renamed on send_id = old_id order by position",
            )
    return count
