"""What files of the landing folder hashed to, remembered by how the file system showed them: a night reads what is new.

A file counts as unchanged while its size, inode, time of change and time of status change are the same. Of these the last
one cannot be set by who writes the file; what is taken in is hashed again while it is copied (`partners_ingest.intake.steps.land_bytes`).
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path

from sqlalchemy import Engine, delete, select

from partners_ingest.arrival.file_names import masked_name
from partners_ingest.arrival.landing import Arrival
from stores.operations import database, delivery_tables

#: Databases have signed numbers; some file systems number their files beyond.
_LARGEST = 2**63 - 1
#: A file that changed so lately may change again within one tick of its file system's clock, unseen.
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True)
class _Stamp:
    """How the file system shows a file; times in nanoseconds of its clock."""

    bytes: int
    inode: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> _Stamp:
        found = path.stat()
        return cls(found.st_size, found.st_ino & _LARGEST, found.st_mtime_ns, found.st_ctime_ns)


_Key = tuple[str, str]


class SeenFiles:
    """The hashes of earlier runs, from the operations database, and those of this run until `keep` writes them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known = _read(engine)
        self._new: dict[_Key, tuple[_Stamp, str]] = {}

    def sha256_of(self, arrival: Arrival) -> str:
        """Return the hex sha256 of a file, from memory where it has not changed.

        Raises:
            FileNotFoundError: it went.
        """
        key, stamp = (arrival.partner_id, masked_name(arrival.file_name)), _Stamp.of(arrival.path)
        remembered = self._known.get(key)
        if remembered is not None and remembered[0] == stamp:
            return remembered[1]
        with arrival.path.open("rb") as handle:
            sha256 = file_digest(handle, "sha256").hexdigest()
        if stamp == _Stamp.of(arrival.path) and time.time_ns() - stamp.changed_ns > _SETTLED_NS:
            self._known[key] = self._new[key] = stamp, sha256
        return sha256

    def keep(self) -> None:
        """Write what this run has hashed."""
        table = delivery_tables.seen_files
        with database.transaction(self._engine) as work:
            for (partner_id, file_name), (stamp, sha256) in self._new.items():
                of_file = (table.c.partner_id == partner_id) & (table.c.file_name == file_name)
                work.execute(delete(table).where(of_file))
                row = {"partner_id": partner_id, "file_name": file_name, **asdict(stamp), "sha256": sha256}
                database.insert_once(work, table, [row])
        self._new.clear()


def _read(engine: Engine) -> dict[_Key, tuple[_Stamp, str]]:
    table = delivery_tables.seen_files
    with engine.connect() as connection:
        return {
            (row.partner_id, row.file_name): (
                _Stamp(row.bytes, row.inode, row.modified_ns, row.changed_ns),
                row.sha256,
            )
            for row in connection.execute(select(table))
        }
