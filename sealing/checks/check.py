"""The check of the whole chain: everything that was sealed is compared with its present state.

It only reads. Each mismatch names the thing; repairing it is a person's work (docs/runbook.md, "Something was
altered"). Cost: every sealed byte is read once, each journal line and each message is hashed once. One paper is checked
by `sealing.checks.paper_check`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sealing.checks.alterations import Mismatch
from sealing.checks.file_check import check_files
from sealing.checks.ledger_check import check_ledger
from sealing.checks.log_check import check_log
from sealing.checks.message_check import check_messages
from sealing.log.log import Log
from stores.home import Home


@dataclass(frozen=True)
class ChainReport:
    """What was compared (counts), and what did not agree."""

    mismatches: tuple[Mismatch, ...]
    leaves: int
    files: int
    messages: int

    @property
    def holds(self) -> bool:
        """Whether nothing was altered."""
        return not self.mismatches


def check_chain(log: Log, home: Home) -> ChainReport:
    """Compare log, journal, ledger, files and messages with what was sealed."""
    with log.engine.connect() as reading:
        of_log, leaves = check_log(log, reading)
        of_ledger = list(check_ledger(reading))
        of_messages, messages = check_messages(log, reading)
    of_files, files = check_files(log.engine, home)
    return ChainReport((*of_log, *of_ledger, *of_messages, *of_files), leaves, files, messages)
