"""Bringing one encrypted file of evidence or vault from one key to another, whole whenever the process dies.

The order of the files, and sealing them again, belong to `sealing.seals.rotation`.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

import duckdb

from stores.engine import connect, load_httpfs, quoted
from stores.files.encrypted_file import DamagedEvidence, rewrapped_header
from stores.home import Home
from stores.keys import FileKeys

_OLD, _NEW = "old_vault", "new_vault"


def encrypted_files(home: Home) -> list[Path]:
    """Return every file that is encrypted under the vault's secret, sorted."""
    return sorted([*home.evidence.glob("*/delivered.enc"), *home.vault.glob("*/*.parquet")])


def rotate_evidence(file: Path, old: FileKeys, new: FileKeys) -> bool:
    """Wrap a file's own key under the new key; its content is not changed.

    The new header is kept beside the file until it is written into it, so a cut write is repeated.

    Args:
        file: `delivered.enc` of a delivery.
        old: keys under which it may still be.
        new: keys under which it is to be.

    Returns:
        Whether the file was still under the old key.

    Raises:
        DamagedEvidence: the file opens under neither key.
    """
    beside = file.with_name("header.partial")
    if beside.exists():
        return _put_header(file, beside, beside.read_bytes())
    try:
        header = rewrapped_header(file, old.evidence, new.evidence)
    except DamagedEvidence:
        rewrapped_header(file, new.evidence, new.evidence)  # raises where it is not the new key either
        return False
    whole = beside.with_name("header.new.partial")
    with whole.open("wb") as handle:
        handle.write(header)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(whole, beside)
    return _put_header(file, beside, header)


def _put_header(file: Path, beside: Path, header: bytes) -> bool:
    with file.open("r+b") as handle:
        handle.write(header)
        handle.flush()
        os.fsync(handle.fileno())
    beside.unlink()
    return True


def open_for_rotation(old: FileKeys, new: FileKeys) -> duckdb.DuckDBPyConnection:
    """Return a connection that holds both keys, for `rotate_vault`; the caller closes it."""
    connection = connect()
    load_httpfs(connection)
    for name, keys in ((_OLD, old), (_NEW, new)):
        connection.execute(f"pragma add_parquet_key('{name}', '{base64.b64encode(keys.vault).decode()}')")
    return connection


def rotate_vault(connection: duckdb.DuckDBPyConnection, file: Path) -> bool:
    """Rewrite a vault file under the new key and return whether it was still under the old one.

    Raises:
        DamagedEvidence: the file opens under neither key.
    """
    if not _opens(connection, file, _OLD):
        if not _opens(connection, file, _NEW):
            raise DamagedEvidence("A file of the vault opens under neither key.", "Restore it from the backup.")
        return False
    partial = file.with_name(file.name + ".partial")
    connection.execute(
        f"copy (from read_parquet('{quoted(file)}', encryption_config = {{footer_key: '{_OLD}'}}))"
        f" to '{quoted(partial)}' (format parquet, compression zstd, encryption_config {{footer_key: '{_NEW}'}})"
    )
    os.replace(partial, file)
    return True


def _opens(connection: duckdb.DuckDBPyConnection, file: Path, key: str) -> bool:
    try:
        connection.execute(f"from read_parquet('{quoted(file)}', encryption_config = {{footer_key: '{key}'}}) limit 0")
    except duckdb.Error:
        return False
    return True
