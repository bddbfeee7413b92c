"""Sealing everything that is new, in the order in which one seal covers the other.

Messages first; then files, because the seals of messages are files too, and among them first those that were rewritten
on purpose; then the journal, which holds a line for each of these. Each kind is sealed by its own module beside this.
"""

from __future__ import annotations

from dataclasses import dataclass

from sealing.log.checkpoint import Checkpoint
from sealing.log.log import Log, append_journal
from sealing.seals.files import reseal_files, seal_files
from sealing.seals.messages import seal_messages
from stores.all_stores import Stores
from stores.operations.rewrites import announced, clear


@dataclass(frozen=True)
class SealReport:
    """What one sealing added (messages, files), and the newest checkpoint."""

    messages: int
    files: int
    checkpoint: Checkpoint | None


def seal(stores: Stores) -> SealReport:
    """Seal what is new in the home and sign a checkpoint; safe to repeat. The caller holds the writer's lock.

    Raises:
        FiliationError: the last checkpoint is not ours, or the ledger is older than it.
    """
    log, now = Log.of(stores), stores.clock.now()
    messages = sum(batch.messages for batch in seal_messages(stores.engine, log.folder, now))
    rewritten = announced(stores.engine)
    reseal_files(stores.engine, stores.home, rewritten, now)
    clear(stores.engine, rewritten)
    files = seal_files(stores.engine, stores.home, now)
    return SealReport(messages, files, append_journal(log, now))
