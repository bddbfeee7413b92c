"""One file of the sample's landing folder, with what the software is expected to make of it.

Layouts of the two partners belong to `sample.contest_files` and `sample.shop_files`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class QuarantinedRow:
    """A damaged record: physical line where it starts and its reason codes, sorted and joined by `|`."""

    line: int
    reasons: str


@dataclass(frozen=True)
class LandedFile:
    """A file as it lies in the partner's folder; the counts are None where the file is not read to its end."""

    partner_id: str
    name: str
    content: bytes
    arrived_at: datetime
    outcome: str
    reason: str = ""
    data_rows: int | None = None
    quarantined: tuple[QuarantinedRow, ...] = ()

    @property
    def accepted_rows(self) -> int | None:
        """Rows that become opt-ins or withdrawals; None unless the file is accepted."""
        if self.outcome != "accepted" or self.data_rows is None:
            return None
        return self.data_rows - len(self.quarantined)
