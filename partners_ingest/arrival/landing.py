"""The landing folder: which files have arrived, from whom, when, in the order in which they are taken in.

One folder per partner (the drop account says who delivered) and, where the drop server keeps one, its log
`arrivals.csv`. What a file is, and whether it is taken in, belongs to `partners_ingest.intake`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from partners_ingest.arrival.file_names import storable_name
from terms.clock import aware_utc
from terms.errors import UsageError

ARRIVALS = "arrivals.csv"

#: Names that drop servers and clients give to a file that is still being written.
_UNFINISHED = (".partial", ".part", ".filepart", ".tmp", ".crdownload", ".swp", "~")


@dataclass(frozen=True)
class Arrival:
    """One file in a partner's folder; `arrived_at` is an aware instant, told by the drop server's log if `is_logged`.

    `file_name` is its name inside that folder as text that can be stored: a byte that is no UTF-8 is written as `\\xe9`.
    """

    partner_id: str
    path: Path
    file_name: str
    arrived_at: datetime
    is_logged: bool


def scan_landing(root: Path) -> list[Arrival]:
    """Return the files of the landing folder in order of arrival.

    The drop server's log says instant and order; a file that it does not know has its modification time, and
    files of one instant are ordered by the log, then by name. Hidden and unfinished files are left alone, and so are
    links: a drop account must not point us at a file of this machine.

    Raises:
        UsageError: `root` is not a folder, or its log cannot be read.
    """
    if not root.is_dir():
        raise UsageError(f"The landing folder {root} does not exist.", "Give the folder that holds the partners.")
    log = _read_log(root / ARRIVALS)
    found = [
        _arrival(partner, path, log)
        for partner in sorted(root.iterdir())
        if partner.is_dir() and not partner.name.startswith(".")
        for path in sorted(partner.rglob("*"))
        if path.is_file() and not path.is_symlink() and is_finished(path.name)
    ]
    return [arrival for _, arrival in sorted(found, key=lambda item: (item[1].arrived_at, item[0]))]


_Order = tuple[int, str, str]


def _arrival(partner: Path, path: Path, log: dict[tuple[str, str], tuple[int, datetime]]) -> tuple[_Order, Arrival]:
    name = storable_name(path.relative_to(partner).as_posix())
    partner_id = storable_name(partner.name)
    position, instant = log.get((partner_id, name), (len(log), None))
    is_logged = instant is not None
    if instant is None:
        instant = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return (position, partner_id, name), Arrival(partner_id, path, name, instant, is_logged)


def is_finished(name: str) -> bool:
    """Return whether a name is a finished file's: not hidden, and without the suffix of a transfer under way."""
    return not name.startswith(".") and not name.lower().endswith(_UNFINISHED)


def _read_log(file: Path) -> dict[tuple[str, str], tuple[int, datetime]]:
    """Return position and instant of each logged file; a name logged twice counts with its last line."""
    if not file.exists():
        return {}
    log: dict[tuple[str, str], tuple[int, datetime]] = {}
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as handle:
        for line, row in enumerate(csv.DictReader(handle), start=2):
            try:
                instant = datetime.fromisoformat(row["arrived_at_utc"])
                logged = storable_name(row["partner"]), storable_name(row["file"])
                log[logged] = (line, aware_utc(instant))
            except (KeyError, TypeError, ValueError, AttributeError):
                raise UsageError(
                    f"{ARRIVALS}, line {line}, cannot be read.",
                    "It has the columns partner, file, arrived_at_utc (ISO 8601), bytes.",
                ) from None
    return log
