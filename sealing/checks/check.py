"""The check of the whole chain: everything that was sealed is compared with what stands there now.

Reads only; what it finds is told as findings that name the thing, and mending is a person's business.
Cost: every sealed byte is read once, and each journal line and message is hashed once.
"""

from __future__ import annotations

from dataclasses import dataclass

from sealing.checks.alterations import Finding
from sealing.checks.file_check import check_files
from sealing.checks.ledger_check import check_ledgers
from sealing.checks.log_check import check_log
from sealing.checks.message_check import check_messages
from sealing.log.log import Log
from stores.home import Home


@dataclass(frozen=True)
class ChainReport:
    """What was compared, and what did not agree."""

    findings: tuple[Finding, ...]
    leaves: int
    files: int
    messages: int

    @property
    def holds(self) -> bool:
        """Whether nothing was altered."""
        return not self.findings


def check_chain(log: Log, home: Home) -> ChainReport:
    """Compare log, journal, ledgers, files and messages with what was sealed."""
    with log.engine.connect() as reading:
        of_log, leaves = check_log(log, reading)
        of_ledgers = list(check_ledgers(reading))
        of_messages, messages = check_messages(log, reading)
    of_files, files = check_files(log.engine, home)
    return ChainReport((*of_log, *of_ledgers, *of_messages, *of_files), leaves, files, messages)
