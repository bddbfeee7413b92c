"""One delivery as its steps get it: where it came from, what an earlier run left of it, by what it is judged.

A case is data only. The stores that the steps write are a record of their own. What the steps find belongs to
`delivery_result`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from consent.dossiers.dossiers import Dossier, DossierSet
from partners_ingest.erased.erased_records import Marks
from partners_ingest.intake.delivery_records import KnownDelivery
from partners_ingest.readers.registry import READER_VERSION
from stores.lake import reading_name
from terms.environment import NumberRules
from terms.identifiers import DeliveryId, digest
from terms.limits import USUAL_LIMITS, ReadingLimits
from terms.paris import day_in_paris


@dataclass(frozen=True)
class DeliveryCase:
    """One delivery to be read, and everything but the stores that its steps need.

    Attributes:
        delivery_id: of the file under its name.
        partner_id: who delivered it.
        file_name: its name in the partner's folder.
        arrived_at: from when its rows are known (aware).
        sha256: hex, of the delivered bytes.
        size: of the delivered file, in bytes.
        known: what an earlier run left of it; None = it is new.
        dossiers: of all partners, so that a file of another one is recognised.
        judged_with: hash of what a held delivery is judged with (`judging_key`).
        marks: of persons who were erased or purged.
        rules: which invented numbers count as mobiles.
        scratch: folder for what does not fit in memory.
        limits: what reading it may take.
        now: instant of this run (aware).
    """

    delivery_id: DeliveryId
    partner_id: str
    file_name: str
    arrived_at: datetime
    sha256: str
    size: int
    known: KnownDelivery | None
    dossiers: DossierSet
    judged_with: str
    marks: Marks
    rules: NumberRules
    scratch: Path
    limits: ReadingLimits
    now: datetime

    @property
    def dossier(self) -> Dossier | None:
        """The partner's dossier, or None where it has none that can be read."""
        return self.dossiers.dossiers.get(self.partner_id)

    @property
    def has_invalid_dossier(self) -> bool:
        """Whether the partner's dossier has faults."""
        return any(problem.partner_id == self.partner_id for problem in self.dossiers.problems)

    @property
    def read_on(self) -> date:
        """The day of this reading in Paris."""
        return day_in_paris(self.now)

    @property
    def reading(self) -> int:
        """Number of this reading, from 1."""
        return (self.known.reading if self.known else 0) + 1

    @property
    def reading_name(self) -> str:
        """Name of the files of this reading in lake and vault."""
        return reading_name(self.delivery_id, self.reading)

    @property
    def is_released(self) -> bool:
        """Whether a person let the delivery in although its volume holds it."""
        return self.known is not None and self.known.is_released


def judging_key(
    partner_id: str, dossiers: DossierSet, seal_keys: Sequence[str], limits: ReadingLimits = USUAL_LIMITS
) -> str:
    """Return the hash (hex) of what a held delivery is judged with: it is judged again when this changes.

    Args:
        partner_id: whose delivery.
        dossiers: the partner's own, and its faults, count.
        seal_keys: fingerprints of our private keys: with another one, a sealed file may open.
        limits: with others, a file that was too large may be read.
    """
    dossier = dossiers.dossiers.get(partner_id)
    problems = [problem.message for problem in dossiers.problems if problem.partner_id == partner_id]
    key = digest(dossier.sha256 if dossier else "", *problems, READER_VERSION, *limits.texts())
    return digest(key, *seal_keys) if seal_keys else key
