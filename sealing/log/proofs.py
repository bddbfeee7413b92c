"""Proofs that a journal line or a message is in the log, as records that a file can carry and a stranger can check.

Which lines make up the story of a message is known by `lineage`; the form of the file stands in `verifier/README.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from sealing.log.checkpoint import Checkpoint
from sealing.log.log import Log, entry_text
from sealing.log.tree import inclusion_path, leaf_hash
from sealing.seals.messages import batches_of, load_records, newest_seals
from stores.engine import connect, connect_for_few
from stores.evidence.evidence_store import EvidenceStore
from stores.evidence.merkle import tree_path
from stores.files.parquet import read_sql
from stores.operations import log_tables
from stores.schemas.configuration_tables import MESSAGE_SEALS
from stores.schemas.vault_tables import LINE_COMMITMENTS
from terms.errors import UsageError


@dataclass(frozen=True)
class Proof:
    """A text, its salt, and the way from its commitment to a root.

    `text` None: the person was erased; that there was an entry is still proved, what it said is not.
    """

    what: str
    text: str | None
    salt: str | None
    leaf: str
    index: int
    size: int
    path: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return the proof as a passport file writes it."""
        return {
            "what": self.what,
            "text": self.text,
            "salt": self.salt,
            "leaf": self.leaf,
            "index": self.index,
            "size": self.size,
            "path": list(self.path),
        }


@dataclass(frozen=True)
class MessageProof:
    """A message in its batch, and the journal line that holds the batch's root, in the log."""

    message: Proof
    batch: Proof


def prove_lines(log: Log, checkpoint: Checkpoint, kind: str, subjects: Sequence[str]) -> list[Proof]:
    """Return a proof for each journal line of a kind about these subjects that the checkpoint covers, in their order."""
    journal, leaves = log_tables.journal, log_tables.log_leaves
    query = (
        select(journal, leaves.c.position, leaves.c.salt, leaves.c.leaf_hash)
        .join(leaves, leaves.c.journal_sequence == journal.c.sequence)
        .where(journal.c.kind == kind, journal.c.subject.in_(subjects), leaves.c.position < checkpoint.size)
        .order_by(journal.c.sequence)
    )
    with log.engine.connect() as connection:
        found = connection.execute(query).all()
    return [_line_proof(log, checkpoint, line) for line in found]


def prove_message(log: Log, checkpoint: Checkpoint, plan_id: str, send_id: str) -> MessageProof | None:
    """Return the proof of a message as it stands now, or None if the checkpoint does not cover that state yet."""
    with log.engine.connect() as reading:
        message = _in_batch(log, reading, plan_id, send_id)
    if message is None:
        return None
    batch, proof = message
    lines = prove_lines(log, checkpoint, "sealed_messages", [f"{plan_id}/{batch}"])
    return MessageProof(proof, lines[-1]) if lines else None


def prove_line(log: Log, evidence: EvidenceStore, delivery_id: str, line_number: int) -> Proof:
    """Return the proof that a physical line (1-based) stands in its delivery; neither text nor salt are told.

    What was delivered is identity: `filiation evidence` shows it, and this proof is the commitment that it must fit.
    """
    kept = read_sql(LINE_COMMITMENTS, [evidence.commitments_file(delivery_id)])
    with connect() as target:
        target.execute(
            f"create temp table kept as select line_number - 1 as position, commitment as leaf from ({kept})"
        )
        found = target.execute(
            "select leaf, (select count(*) from kept) from kept where position = ?", [line_number - 1]
        ).fetchone()
        if found is None:
            raise UsageError(f"Delivery {delivery_id} has no line {line_number}.", "See `filiation lineage`.")
        path = tree_path(target, "kept", line_number - 1)
    return Proof(
        what="line",
        text=None,
        salt=None,
        leaf=leaf_hash(bytes(found[0])).hex(),
        index=line_number - 1,
        size=int(found[1]),
        path=tuple(node.hex() for node in path),
    )


def _in_batch(log: Log, reading: Connection, plan_id: str, send_id: str) -> tuple[int, Proof] | None:
    with connect_for_few() as target:  # one batch at a time
        batches = batches_of(reading, plan_id)
        newest_seals(target, log.folder, batches, send_id)
        load_records(target, reading, plan_id, [send_id])
        found = target.execute(
            "select seals.batch, position, salt, commitment, record from seals"
            " join records on seals.send_id = records.send_id and seals.events = records.events"
            " where seals.send_id = $send_id",
            {"send_id": send_id},
        ).fetchone()
        if found is None:
            return None
        number, position, salt, commitment, record = found
        file = next(batch.file(log.folder) for batch in batches if batch.batch == number)
        leaves = f"(select position, commitment as leaf from ({read_sql(MESSAGE_SEALS, [file])}))"
        path = tree_path(target, leaves, position)
        size = next(batch.messages for batch in batches if batch.batch == number)
    return number, Proof(
        what="message",
        text=None if salt is None else record,
        salt=None if salt is None else bytes(salt).hex(),
        leaf=leaf_hash(bytes(commitment)).hex(),
        index=position,
        size=size,
        path=tuple(node.hex() for node in path),
    )


def _line_proof(log: Log, checkpoint: Checkpoint, line: Row[Any]) -> Proof:
    return Proof(
        what=line.kind,
        text=None if line.salt is None else entry_text(line),
        salt=line.salt,
        leaf=line.leaf_hash,
        index=line.position,
        size=checkpoint.size,
        path=tuple(node.hex() for node in inclusion_path(log.tiles.node, line.position, checkpoint.size)),
    )
