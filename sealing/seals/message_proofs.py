"""Proofs of messages: a message in its sealed batch, and the batch's journal line in the log.

Sealing messages belongs to `sealing.seals.messages`, proofs of journal lines and of delivered lines to
`sealing.log.proofs`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from sealing.log.checkpoint import Checkpoint
from sealing.log.log import Log
from sealing.log.proofs import Proof, prove_lines
from sealing.log.tree import leaf_hash
from sealing.seals.messages import batches_of, load_records, newest_seals
from stores.engine import connect_for_few
from stores.evidence.merkle import tree_path
from stores.files.parquet import read_sql
from stores.schemas.configuration_tables import MESSAGE_SEALS
from stores.sql_files import sql_of


@dataclass(frozen=True)
class MessageProof:
    """A message in its batch, and the journal line that holds the batch's root, in the log."""

    message: Proof
    batch: Proof


def prove_message(log: Log, checkpoint: Checkpoint, plan_id: str, send_id: str) -> MessageProof | None:
    """Prove the present state of a message.

    Args:
        log: of the home.
        checkpoint: signed by this log.
        plan_id: of the message's plan.
        send_id: of the message.

    Returns:
        The proof, or None while the message has no seal or the checkpoint does not cover its batch.
    """
    with log.engine.connect() as reading:
        message = _in_batch(log, reading, plan_id, send_id)
    if message is None:
        return None
    batch, proof = message
    lines = prove_lines(log, checkpoint, "sealed_messages", [f"{plan_id}/{batch}"])
    return MessageProof(proof, lines[-1]) if lines else None


def _in_batch(log: Log, reading: Connection, plan_id: str, send_id: str) -> tuple[int, Proof] | None:
    with connect_for_few() as target:  # one batch at a time
        batches = batches_of(reading, plan_id)
        newest_seals(target, log.folder, batches, send_id)
        load_records(target, reading, plan_id, [send_id])
        found = target.execute(
            sql_of(__file__, "sealed_record"),
            {"send_id": send_id},
        ).fetchone()
        if found is None:
            return None
        number, position, salt, commitment, record = found
        sealed = next(batch for batch in batches if batch.batch == number)
        leaves = f"(select position, commitment as leaf from ({read_sql(MESSAGE_SEALS, [sealed.file(log.folder)])}))"
        path = tree_path(target, leaves, position)
    return number, Proof(
        what="message",
        text=None if salt is None else record,
        salt=None if salt is None else bytes(salt).hex(),
        leaf=leaf_hash(bytes(commitment)).hex(),
        index=position,
        size=sealed.messages,
        path=tuple(node.hex() for node in path),
    )
