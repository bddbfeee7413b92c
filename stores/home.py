"""The home, a folder of all stores: its layout, its stamp, the writer's lock and the private scratch folder.

What lies inside a store's folder belongs to that store's module.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from stores.keys import ROW_HASH, fingerprint
from terms.errors import UsageError, WriterBusy
from terms.settings import Settings

#: What a home is stamped with, in words.
_STAMPED = {
    "environment": "environment",
    "contact_key_fingerprint": "contact key",
    "vault_key_fingerprint": "vault key",
    "row_hash": "hash of what rows state",
}

#: In the stamp while files are under two keys: fingerprint of the new one.
_ROTATING = "rotating_to_vault_key_fingerprint"


@dataclass(frozen=True)
class Home:
    """Paths under `FILIATION_HOME`; creating or opening what they name is not done here."""

    root: Path

    @property
    def evidence(self) -> Path:
        """Delivered files, encrypted, with their line commitments."""
        return self.root / "evidence"

    @property
    def vault(self) -> Path:
        """Encrypted Parquet with identity; the only place for it."""
        return self.root / "vault"

    @property
    def lake(self) -> Path:
        """Parquet without identity, immutable, one file per delivery reading or vintage."""
        return self.root / "lake"

    @property
    def warehouse(self) -> Path:
        """`build.duckdb` while it is made, `base.duckdb` once it is published."""
        return self.root / "warehouse"

    @property
    def snapshots(self) -> Path:
        """Dossiers, notices, rules and sponsors as they were read, by hash."""
        return self.root / "snapshots"

    @property
    def log(self) -> Path:
        """The transparency log: tiles, checkpoints and the seals of messages."""
        return self.root / "log"

    @property
    def pages(self) -> Path:
        """Pages that the nightly run writes for people; counts only, made again each time."""
        return self.root / "pages"

    @property
    def dagster(self) -> Path:
        """Dagster's own home: runs, event log, schedules."""
        return self.root / "dagster"

    @property
    def dbt(self) -> Path:
        """dbt's target and logs."""
        return self.root / "dbt"

    @property
    def scratch(self) -> Path:
        """What does not fit into memory while files are read; there during a run only."""
        return self.root / "scratch"

    @property
    def stamp(self) -> Path:
        """The file that says which environment and keys this home belongs to."""
        return self.root / "home.json"

    @property
    def lock(self) -> Path:
        """Locked by the one writing process."""
        return self.root / "writer.lock"

    def folders(self) -> tuple[Path, ...]:
        """Return every folder that a home has."""
        return (
            self.evidence,
            self.vault,
            self.lake,
            self.warehouse,
            self.snapshots,
            self.log,
            self.pages,
            self.dagster,
            self.dbt,
        )


def init_home(settings: Settings) -> Home:
    """Create the folders and stamp them with environment and keys; safe to repeat.

    Raises:
        UsageError: the folder cannot be written, or belongs to another environment or key.
    """
    home = Home(settings.home)
    try:
        for folder in (home.root, *home.folders()):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not home.stamp.exists():
            _write_whole(home.stamp, json.dumps(_stamp(settings), indent=1) + "\n")
    except OSError as error:
        raise UsageError(
            f"The home {home.root} cannot be written ({error.strerror}).",
            "Give FILIATION_HOME a folder that this user may write.",
        ) from None
    return open_home(settings)


def open_home(settings: Settings) -> Home:
    """Return the home of these settings after comparing its stamp.

    Raises:
        UsageError: not initialised, its stamp cannot be read, or of another environment or another key.
    """
    home = Home(settings.home)
    _make_private(home)
    if not home.stamp.exists():
        raise UsageError(f"{home.root} is not a Filiation home.", "Run `filiation init` first.")
    found = _read_stamp(home)
    if _ROTATING in found:
        raise UsageError(
            f"The encryption key of {home.root} is being rotated, and some files are under the new one already.",
            "Run `filiation vault rotate` again, with the key before and the new one.",
        )
    for name, wanted in _stamp(settings).items():
        if found.get(name) != wanted:
            raise UsageError(
                f"The home {home.root} was made for another {_STAMPED[name]}.",
                "Use the settings and the version it was made with, or another FILIATION_HOME.",
            )
    return home


def _make_private(home: Home) -> None:
    """Take from everybody else what they may do with the home and its ledger, however it was copied or restored.

    Raises:
        UsageError: others may, and it is not ours to change.
    """
    ledger = home.root.glob("operations.sqlite*") if home.root.is_dir() else ()
    for path, mode in (
        (home.root, 0o700),
        *((folder, 0o700) for folder in home.folders()),
        *((one, 0o600) for one in ledger),
    ):
        try:
            if path.stat().st_mode & 0o077:
                path.chmod(mode)
        except FileNotFoundError:
            continue  # made later, or a file of the ledger that came and went
        except PermissionError:
            raise UsageError(f"Others may read {path}.", "Let its owner take their rights away.") from None


def begin_rotation(settings: Settings, new_vault_key: bytes) -> Home:
    """Stamp the home as being rotated to another vault key, and return it; safe to repeat with the same two keys.

    Raises:
        UsageError: the home is of another environment or key, or is being rotated to another one.
    """
    home = Home(settings.home)
    found = _read_stamp(home) if home.stamp.exists() else {}
    told = found.get(_ROTATING)
    if told is None:
        open_home(settings)
    elif {name: found.get(name) for name in _stamp(settings)} != _stamp(settings) or told != fingerprint(new_vault_key):
        raise UsageError("The home is being rotated from another key, or to another one.", "Give the same two keys.")
    _write_whole(home.stamp, json.dumps({**_stamp(settings), _ROTATING: fingerprint(new_vault_key)}, indent=1) + "\n")
    return home


def end_rotation(settings: Settings, new_vault_key: bytes) -> None:
    """Stamp the home with the new vault key: from now on it opens with that key only."""
    stamp = {**_stamp(settings), "vault_key_fingerprint": fingerprint(new_vault_key)}
    _write_whole(Home(settings.home).stamp, json.dumps(stamp, indent=1) + "\n")


def _read_stamp(home: Home) -> dict[str, object]:
    try:
        found = json.loads(home.stamp.read_text())
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise UsageError(
            f"{home.stamp} cannot be read.", "Restore it from the home's backup; without it, keys may mix."
        )
    return found


def _stamp(settings: Settings) -> dict[str, str]:
    return {
        "environment": settings.environment.value,
        "contact_key_fingerprint": fingerprint(settings.contact_key),
        "vault_key_fingerprint": fingerprint(settings.vault_key),
        "row_hash": ROW_HASH,
    }


@contextmanager
def writer_lock(home: Home) -> Iterator[None]:
    """Hold the lock of the one writer for the length of the block.

    Raises:
        WriterBusy: another process holds it.
        UsageError: the home cannot be written.
    """
    with _open_lock(home) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WriterBusy(
                "Another refresh is at work on this home.", "Wait until it has ended; see `filiation status`."
            ) from None
        yield


def _open_lock(home: Home) -> TextIO:
    try:
        return home.lock.open("a")
    except OSError as error:
        raise UsageError(
            f"The home {home.root} cannot be written ({error.strerror}).", "Let this user write there."
        ) from None


@contextmanager
def scratch_folder(home: Home) -> Iterator[Path]:
    """Give a private folder in the home for what does not fit into memory; empty at start and removed at the end.

    What lies there is encrypted under a key of one process, so that a kill leaves nothing that anybody can read. Only the
    holder of the writer's lock may use it: it is one folder per home.
    """
    folder = home.scratch
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_whole(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old one or the whole new one."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    os.replace(partial, path)
