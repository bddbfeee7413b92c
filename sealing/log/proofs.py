"""Proofs that a journal line is in the log, or a line of a delivery in its evidence; a stranger can check them.

Proofs of messages belong to `sealing.seals.message_proofs`. Which lines a paper proves is decided in `lineage.papers`;
the form of a file with proofs is described in `verifier/README.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from sealing.log.checkpoint import Checkpoint
from sealing.log.log import Log, entry_text
from sealing.log.tree import inclusion_path, leaf_hash
from stores.engine import connect
from stores.evidence.evidence_store import EvidenceStore
from stores.evidence.merkle import tree_path
from stores.files.parquet import read_sql
from stores.operations import log_tables
from stores.schemas.vault_tables import LINE_COMMITMENTS
from terms.errors import UsageError


@dataclass(frozen=True)
class Proof:
    """A text, its salt, and the path from its commitment to a root (RFC 9162 §2.1.3); hashes are hex, `index` 0-based.

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


def prove_lines(log: Log, checkpoint: Checkpoint, kind: str, subjects: Sequence[str]) -> list[Proof]:
    """Prove each journal line of one kind about these subjects that the checkpoint covers.

    Args:
        log: of the home.
        checkpoint: signed by this log; lines that it does not cover yet are left out.
        kind: value of a `stores.operations.entry_kinds.Entry`.
        subjects: of the lines, such as delivery ids.

    Returns:
        One proof per line, in the order of the journal.
    """
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


def prove_line(log: Log, evidence: EvidenceStore, delivery_id: str, line_number: int) -> Proof:
    """Return the proof that a physical line is part of its delivery, without its text and salt.

    What was delivered is identity: `filiation evidence` shows it, and this proof is the commitment that it must fit.

    Args:
        log: of the home.
        evidence: where the delivery's commitments are.
        delivery_id: of the delivery.
        line_number: 1-based number of the physical line.

    Raises:
        UsageError: the delivery has no such line.
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
