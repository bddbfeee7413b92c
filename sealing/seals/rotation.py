"""Rotating the encryption key: every file of evidence and vault under the new key and sealed again, the old key refused.

One file changes its key in `stores.rotation`. After a crash, run the command again with the same two keys; until it
ends, the home opens with neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sealing.seals.seal import seal
from stores.all_stores import Stores, open_rotating_stores
from stores.home import end_rotation, writer_lock
from stores.keys import derive_file_keys, fingerprint
from stores.operations import database, journal
from stores.operations.rewrites import announce
from stores.rotation import encrypted_files, open_for_rotation, rotate_evidence, rotate_vault
from terms import failpoint
from terms.errors import UsageError
from terms.settings import Settings


@dataclass(frozen=True)
class RotationReport:
    """What a run did: files that it brought to the new key, of all encrypted files; the others had the new key already."""

    rotated: int
    files: int


def rotate(settings: Settings, progress: Callable[[str], None]) -> RotationReport:
    """Bring every encrypted file to the new vault key, and refuse the old one from then on.

    Nothing may read the home meanwhile: a process that holds the old key finds files that it cannot open.

    Args:
        settings: with the present and the new key.
        progress: gets a line of text now and then.

    Raises:
        UsageError: no new key, the same one, or the home is of another key.
        WriterBusy: a refresh is running.
        DamagedEvidence: a file opens under neither key.
    """
    new_key = settings.new_vault_key
    if new_key is None or new_key == settings.vault_key:
        raise UsageError("There is no other key to rotate to.", "Set FILIATION_NEW_VAULT_KEY to a new secret.")
    stores = open_rotating_stores(settings, new_key)
    with writer_lock(stores.home):
        files = encrypted_files(stores.home)
        announce(stores.engine, stores.home, files, stores.clock.now())
        failpoint.reach("rotation.announced")
        progress(f"rotating the key of {len(files)} files")
        rotated = _rotate_files(stores, replace(settings, vault_key=new_key))
        _tell(stores, settings.vault_key, new_key, len(files))
        failpoint.reach("rotation.told")
        seal(stores)
        failpoint.reach("rotation.sealed")
        end_rotation(settings, new_key)
    return RotationReport(rotated, len(files))


def _rotate_files(stores: Stores, after: Settings) -> int:
    old, new, rotated = derive_file_keys(stores.settings), derive_file_keys(after), 0
    with open_for_rotation(old, new) as connection:
        for file in encrypted_files(stores.home):
            is_evidence = file.is_relative_to(stores.home.evidence)
            rotated += rotate_evidence(file, old, new) if is_evidence else rotate_vault(connection, file)
            failpoint.reach("rotation.evidence_file" if is_evidence else "rotation.vault_file")
    return rotated


def _tell(stores: Stores, old_key: bytes, new_key: bytes, files: int) -> None:
    told = {"from": fingerprint(old_key), "to": fingerprint(new_key), "files": files}
    with database.transaction(stores.engine) as work:
        journal.append(work, stores.clock.now(), journal.Entry.ROTATION, fingerprint(new_key), told)
