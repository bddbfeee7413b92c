"""The receipt of an erasure as a typed record: what was removed, what stays, and the log entry that proves it.

It holds no number and no name. As a document for a citizen it is written by `lineage.papers.receipt`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sealing.log.proofs import Proof
from terms.clock import to_iso


@dataclass(frozen=True)
class ErasedCounts:
    """What was found of a person and removed, and what stays of it as counts.

    Attributes:
        opt_ins: rows of partners that gave or refused an agreement.
        withdrawals: rows of partners that took one back.
        lines: physical lines of delivered files whose bytes and salts were destroyed.
        deliveries: delivered files that held these lines.
        whole_files: delivered files without readable lines that were destroyed whole.
        unopened_files: sealed files that our keys do not open: nobody knows whether they name the person.
        sends: messages to the person, kept as counts under an id that leads to nobody.
        acts: what the person asked or did (STOP, requests, clicks, replies), kept as counts likewise.
        look_ups: look-ups of the person, kept without the person's id.
    """

    opt_ins: int = 0
    withdrawals: int = 0
    lines: int = 0
    deliveries: int = 0
    whole_files: int = 0
    unopened_files: int = 0
    sends: int = 0
    acts: int = 0
    look_ups: int = 0


@dataclass(frozen=True)
class ErasureReceipt:
    """One erasure; the person is named by the mark only, a hash of the number under a key of its own (R-20).

    Attributes:
        erasure_id: id of the erasure and of its entry in the log.
        mark: hex; it stays, so that the number never returns.
        case_id: as the operator gave it.
        erased_by: who ran it.
        started_at, finished_at: aware instants.
        found: what was removed.
        checkpoint: signed note of the log (C2SP) that covers the entry.
        proof: inclusion proof of the entry, to the root of that checkpoint.
    """

    erasure_id: str
    mark: str
    case_id: str
    erased_by: str
    started_at: datetime
    finished_at: datetime
    found: ErasedCounts
    checkpoint: str
    proof: Proof

    def to_json(self) -> dict[str, object]:
        """Return the receipt as `filiation erase` prints it."""
        return {
            "erasure_id": self.erasure_id,
            "mark": self.mark,
            "case": self.case_id,
            "erased_by": self.erased_by,
            "started_at": to_iso(self.started_at),
            "finished_at": to_iso(self.finished_at),
            "found": asdict(self.found),
            "log": {"leaf": self.proof.index, "checkpoint": self.checkpoint, "proof": self.proof.to_json()},
        }
