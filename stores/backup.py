"""Backups: every file of the home and every row of the operations database as of one instant, and restoring them.

The copy of the database is SQLite whatever the engine, so it can be restored into either. What a restored ledger may do
is decided in `sends.handover.restore_guard`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, Integer, func, insert, inspect, select, text

from stores.all_stores import Stores
from stores.home import Home, open_home, writer_lock
from stores.migrations.migrate import migrate
from stores.migrations.schema_version import require_schema
from stores.operations import journal
from stores.operations.all_tables import metadata
from stores.operations.database import open_operations, transaction
from stores.operations.message_tables import restorations
from terms.clock import to_iso, to_micros
from terms.errors import UsageError
from terms.settings import Settings

_DATABASE, _FILES, _MANIFEST = "operations.sqlite", "home", "backup.json"

#: Of the home, what is the database itself, a lock of a process, or there during a run only.
_LEFT_OUT = (
    "operations.sqlite",
    "operations.sqlite-wal",
    "operations.sqlite-shm",
    "operations.sqlite.reserve",
    "writer.lock",
    "sender.lock",
    "scratch",
)

_ROWS = 2_000  # at once between two databases


@dataclass(frozen=True)
class Backup:
    """What a backup holds: when it was made, numbers of files and rows, hash of the listing of its files."""

    made_at: str
    made_at_micros: int
    files: int
    rows: int
    listing_sha256: str

    def to_json(self) -> dict[str, object]:
        """Return the backup as the command prints it."""
        return asdict(self)


def make_backup(stores: Stores, folder: Path) -> Backup:
    """Copy the home and its ledger into a new folder, while nobody else writes the home.

    The database is read in one snapshot before the files are, so every file that a row names is in the backup.

    Raises:
        UsageError: the folder is not empty or cannot be written.
        WriterBusy: a refresh is running.
    """
    _require_empty(folder)
    now = stores.clock.now()
    with writer_lock(stores.home):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        rows = _copy_out(stores.engine, folder / _DATABASE)
        shutil.copytree(
            stores.home.root, folder / _FILES, ignore=shutil.ignore_patterns(*_LEFT_OUT), dirs_exist_ok=True
        )
    listing = list(_listing(folder))
    backup = Backup(to_iso(now), to_micros(now), len(listing) - 1, rows, _hash(listing))
    (folder / _MANIFEST).write_text(json.dumps(backup.to_json(), indent=1) + "\n")
    return backup


def restore_backup(settings: Settings, folder: Path, actor: str, now: datetime) -> Backup:
    """Put a backup into a home that does not exist yet and into an empty database, and record the restoration.

    Args:
        settings: name the new home and database.
        folder: what `make_backup` wrote.
        actor: who restores.
        now: the instant of the restoration.

    Returns:
        The backup's manifest.

    Raises:
        UsageError: the backup is not whole, the home exists, the database holds something, or the keys differ.
    """
    backup = _read_manifest(folder)
    if _hash(list(_listing(folder))) != backup.listing_sha256:
        raise UsageError(f"The backup {folder} is not what was written.", "Use another one; this one was altered.")
    _require_empty(settings.home)
    shutil.copytree(folder / _FILES, settings.home, dirs_exist_ok=True)
    home = open_home(settings)
    engine = open_operations(settings.database_url)
    with engine.connect() as work:
        if inspect(work).has_table("plans"):
            raise UsageError("The database holds a ledger already.", "Restore into an empty database.")
    _copy_in(home, folder / _DATABASE, engine)
    row = {"restored_at": to_micros(now), "backup_made_at": backup.made_at_micros, "restored_by": actor}
    with transaction(engine) as work:
        work.execute(insert(restorations).values(**row))
        journal.append(work, now, journal.Entry.RESTORATION, backup.made_at, {"restored_by": actor})
    return backup


def _copy_out(engine: Engine, file: Path) -> int:
    require_schema(engine)
    target = open_operations(f"sqlite:///{file}")
    migrate(target)
    with engine.execution_options(isolation_level=_snapshot(engine)).connect() as source, transaction(target) as work:
        rows = _copy_rows(source, work)
    with target.connect() as work:
        work.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    target.dispose()
    for left in (f"{file}-wal", f"{file}-shm"):
        Path(left).unlink(missing_ok=True)
    return rows


def _copy_in(home: Home, file: Path, engine: Engine) -> None:
    """Copy the rows of a backup into an empty database of this code's schema; an older backup is migrated first."""
    own = home.root / "restoring.sqlite"
    shutil.copyfile(file, own)  # migrating must not change the backup
    source = open_operations(f"sqlite:///{own}")
    migrate(source)
    migrate(engine)
    with source.connect() as rows, transaction(engine) as work:
        _copy_rows(rows, work)
        _set_counters(work)
    source.dispose()
    for left in (own, Path(f"{own}-wal"), Path(f"{own}-shm")):
        left.unlink(missing_ok=True)


def _snapshot(engine: Engine) -> str:
    """Return the isolation in which all tables are read as of one instant; SQLite's readers always are."""
    return "REPEATABLE READ" if engine.dialect.name == "postgresql" else "SERIALIZABLE"


def _copy_rows(source: Connection, target: Connection) -> int:
    copied = 0
    for table in metadata.sorted_tables:
        found = source.execution_options(yield_per=_ROWS).execute(select(table)).mappings()
        for some in found.partitions(_ROWS):
            target.execute(insert(table), [dict(row) for row in some])
            copied += len(some)
    return copied


def _set_counters(work: Connection) -> None:
    """Let PostgreSQL count on where the copied rows end; SQLite looks for itself."""
    if work.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        for column in table.primary_key.columns:
            if column.autoincrement is True and isinstance(column.type, Integer):
                highest = work.execute(select(func.max(column))).scalar()
                if highest is not None:
                    counter = {"t": table.name, "c": column.name, "n": highest}
                    work.execute(text("select setval(pg_get_serial_sequence(:t, :c), :n)"), counter)


def _listing(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield path and sha256 of every file of a backup but its manifest, sorted."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / _MANIFEST:
            with path.open("rb") as handle:
                yield path.relative_to(folder).as_posix(), hashlib.file_digest(handle, "sha256").hexdigest()


def _hash(listing: list[tuple[str, str]]) -> str:
    return hashlib.sha256("".join(f"{sha256}  {path}\n" for path, sha256 in listing).encode()).hexdigest()


def _read_manifest(folder: Path) -> Backup:
    try:
        return Backup(**json.loads((folder / _MANIFEST).read_text()))
    except (OSError, ValueError, TypeError):
        raise UsageError(f"{folder} is not a whole backup.", "Give the folder that `filiation backup` wrote.") from None


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder.", "Give a new one: nothing is written over.")
