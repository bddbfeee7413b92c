"""What the checks of this folder can find, as typed records: the kinds of alteration, and one mismatch with its place.

How each one is looked for belongs to the `…_check` modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Alteration(StrEnum):
    """How something can differ from what was sealed; the value is the sentence for a person."""

    JOURNAL_CHANGED = "a journal line is not what was sealed"
    JOURNAL_MISSING = "a sealed journal line is gone"
    LEAF_CHANGED = "a leaf of the log was changed or is missing"
    TILE_CHANGED = "a tile of the log was changed or is missing"
    CHECKPOINT_CHANGED = "a checkpoint was changed or signed by another key"
    CHECKPOINT_INCONSISTENT = "the log is not a continuation of this checkpoint"
    FILE_CHANGED = "a sealed file was changed"
    FILE_MISSING = "a sealed file is gone"
    SEAL_CHANGED = "the list of sealed files is not what was journalled"
    LEDGER_CHANGED = "a row of the ledger is not what was journalled"
    LEDGER_MISSING = "a journalled row of the ledger is gone"
    MESSAGE_CHANGED = "a message is not what was sealed"
    MESSAGE_MISSING = "a sealed message is gone"
    BATCH_CHANGED = "the seals of a batch of messages were changed"
    PAPER_CHANGED = "a paper is not what was issued"
    PAPER_UNKNOWN = "no paper of this number was issued, or its number was changed"
    PAPER_NOT_SEALED = "the checkpoint does not cover this paper yet"


@dataclass(frozen=True)
class Mismatch:
    """One thing that differs from its seal: how, and where (a path, a row, an id; never a value of a person)."""

    what: Alteration
    where: str

    def sentence(self) -> str:
        """Return the mismatch for a person."""
        return f"{self.where}: {self.what.value}"
