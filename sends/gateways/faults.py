"""What goes wrong at a local simulator, on demand, and what becomes of a message by the last digit of its number.

Both simulators read the same file of faults; what each fault looks like on the wire belongs to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from configuration.documents import read_document
from configuration.field_types import Number, WholeNumber, written
from sends.gateways.gateway import DlrStatus

#: The final DLR of a message by the last digit of its number; digits that are not here: DELIVERED. None = silence.
_FATES: Mapping[str, DlrStatus | None] = MappingProxyType(
    {"7": DlrStatus.UNDELIVERED, "8": DlrStatus.EXPIRED, "9": None}
)


@written()
@dataclass(frozen=True)
class Faults:
    """What goes wrong, where `…_every` n means with each n-th message received (0 = never); times in seconds."""

    report_delay_seconds: Number = 0.2
    slow_seconds: Number = 0.0  # before each answer
    error_every: WholeNumber = 0  # an error of the gateway's own, and the message was not taken
    refuse_every: WholeNumber = 0  # refused by answer
    throttle_every: WholeNumber = 0  # refused by answer, for now
    silence_every: WholeNumber = 0  # taken, and no answer
    duplicate_report_every: WholeNumber = 0
    missing_report_every: WholeNumber = 0
    late_report_every: WholeNumber = 0  # ten times the delay
    early_report_every: WholeNumber = 0  # before the answer
    stop_reply_every: WholeNumber = 0  # the phone answers STOP
    kill_at: WholeNumber = 0  # at this message the simulator kills itself: taken, and not answered


def read_faults(path: Path) -> Faults:
    """Read faults from YAML or JSON.

    Raises:
        DocumentInvalid: a key is not known or wrong.
    """
    return read_document(path, Faults).record


def fate_of(e164: str) -> DlrStatus | None:
    """Return the final DLR of a message to a number; None = none ever comes."""
    return _FATES.get(e164[-1:], DlrStatus.DELIVERED)


def hits(every: int, count: int) -> bool:
    """Return whether a fault meets the message of this count (1 = the first)."""
    return every > 0 and count % every == 0
