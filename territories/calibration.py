"""How sure each likeness of a match is: measured on written addresses, kept as data beside this module.

The likenesses are `territories.street_names.LIKENESSES`; `bench.territories.address_holdout` measures them and writes the
file.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("match_confidence.csv")
#: No measurement of thousands can tell more; the partners' files are not the generator's.
MOST = 0.99
#: A likeness that was seen less often is believed no more than this.
FEW, SURE_OF_FEW = 30, 0.5
#: Normal deviate of the one-sided 95 % lower bound (Wilson).
_DEVIATE = 1.645


@dataclass(frozen=True)
class Calibrated:
    """One likeness: how many addresses were matched by it, and how many of them correctly."""

    likeness: str
    measured: int
    right: int

    @property
    def confidence(self) -> float:
        """The one-sided 95 % lower bound (Wilson) of the share of correct matches, at most MOST; two decimals."""
        if self.measured < FEW:
            return SURE_OF_FEW
        share, spread = self.right / self.measured, _DEVIATE**2 / self.measured
        centre = share + spread / 2
        width = _DEVIATE * math.sqrt(share * (1 - share) / self.measured + spread / (4 * self.measured))
        return min(MOST, math.floor(100 * (centre - width) / (1 + spread)) / 100)


def read_confidences(file: Path = FILE) -> Mapping[str, float]:
    """Return likeness -> confidence, 0 to 1; a likeness that is not in the file was never measured."""
    with file.open(encoding="utf-8", newline="") as lines:
        return {
            row["likeness"]: Calibrated(row["likeness"], int(row["measured"]), int(row["right"])).confidence
            for row in csv.DictReader(lines)
        }


def write_calibration(measured: Sequence[Calibrated], file: Path) -> None:
    """Write the measured likenesses as the file that `read_confidences` reads."""
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(("likeness", "measured", "right"))
        rows.writerows((one.likeness, one.measured, one.right) for one in measured)
