"""How much one delivery may take while it is read: limits of this software, each a setting with a default.

A limit of the law or of a policy is none of these. What is done when a limit is passed belongs to `partners_ingest`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from types import MappingProxyType

from terms.errors import UsageError

_MIB = 1 << 20
#: By limit, the variable that sets it.
_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "memory_mib": "FILIATION_READING_MEMORY_MIB",
        "disk_mib": "FILIATION_READING_DISK_MIB",
        "seconds": "FILIATION_READING_SECONDS",
        "seconds_per_mib": "FILIATION_READING_SECONDS_PER_MIB",
        "unpacked_mib": "FILIATION_READING_UNPACKED_MIB",
        "ratio": "FILIATION_READING_RATIO",
        "line_kib": "FILIATION_READING_LINE_KIB",
        "lines": "FILIATION_READING_LINES",
        "columns": "FILIATION_READING_COLUMNS",
        "nesting": "FILIATION_READING_NESTING",
        "digits": "FILIATION_READING_DIGITS",
    }
)


@dataclass(frozen=True)
class ReadingLimits:
    """What reading one delivery may take at most.

    Attributes:
        memory_mib: address space of the process, which is more than the memory that it uses.
        disk_mib: of the largest file that it writes, and of what does not fit into memory.
        seconds: of real time, whatever the file's size.
        seconds_per_mib: beside them, for each MiB that was delivered.
        unpacked_mib: of what a container unpacks to.
        ratio: of unpacked to delivered bytes, where it unpacks to more than `RATIO_COUNTS_FROM`.
        line_kib: of one line.
        lines: of one file.
        columns: of a header.
        nesting: of brackets in one record of JSON.
        digits: of one number in a record of JSON.
    """

    memory_mib: int = 8192
    disk_mib: int = 16384
    seconds: int = 600
    seconds_per_mib: int = 4
    unpacked_mib: int = 16384
    ratio: int = 200
    line_kib: int = 16384
    lines: int = 50_000_000
    columns: int = 5000
    nesting: int = 100
    digits: int = 4000

    @property
    def unpacked_bytes(self) -> int:
        """Bytes that a container may unpack to."""
        return self.unpacked_mib * _MIB

    def time_for(self, delivered_bytes: int) -> float:
        """Return the seconds that reading a file of this size may take."""
        return self.seconds + self.seconds_per_mib * delivered_bytes / _MIB

    def texts(self) -> tuple[str, ...]:
        """Return the limits as texts in one order: a delivery that was held is judged again when they change."""
        return tuple(str(limit) for limit in astuple(self))


#: What is taken where nobody sets anything else.
USUAL_LIMITS = ReadingLimits()

#: A file that unpacks to less is no bomb, whatever its ratio.
RATIO_COUNTS_FROM = 256 * _MIB


def read_limits(environ: Mapping[str, str]) -> ReadingLimits:
    """Read the limits from variables such as `FILIATION_READING_SECONDS`; one that is unset has its default.

    Raises:
        UsageError: a variable is not a whole number from 1.
    """
    return ReadingLimits(**{name: _number(environ[key], key) for name, key in _VARIABLES.items() if environ.get(key)})


def _number(value: str, key: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value[:18]) < 1:
        raise UsageError(f"{key} is {value!r}.", "Give a whole number from 1.")
    return int(value[:18])
