"""Files that a partner sealed with OpenPGP for our key: recognised by their bytes, opened by GnuPG.

What is opened goes, encrypted under a key of this process, to an unnamed file: nothing of it is used before GnuPG has
said that all of it is whole, and none of it is on a disk in clear. What is inside belongs to `unpacking`.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import gnupg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from partners_ingest.arrival.seal_marks import SealUnopened
from stores.files.encrypted_file import CHUNK_BYTES, DecryptingReader, EncryptingWriter
from terms.reasons import FileReason


def open_sealed(sealed: BinaryIO, gpg_home: Path | None) -> BinaryIO:
    """Return what was sealed as a seekable stream.

    Args:
        sealed: the message, read to its end.
        gpg_home: GnuPG's folder with our private key; None = none is set up.

    Raises:
        SealUnopened: no key of ours opens it, or it is cut or was changed.
    """
    gpg = _gpg(gpg_home)
    handle, name = tempfile.mkstemp(prefix="filiation-")
    try:
        key = AESGCM.generate_key(256)
        with os.fdopen(handle, "wb") as kept:
            writer = EncryptingWriter(kept, key)
            gpg.on_data = _keep_in(writer)
            result = gpg.decrypt_file(sealed, extra_args=["--no-auto-key-retrieve"])
            writer.close()
        if not result.ok or result.returncode:
            is_ours = result.status not in ("no secret key", "need symmetric passphrase")
            raise SealUnopened(FileReason.SEAL_DAMAGED if is_ours else FileReason.SEAL_NOT_OPENED)
        return cast(BinaryIO, io.BufferedReader(DecryptingReader(Path(name), key), CHUNK_BYTES))
    finally:
        os.unlink(name)


def _keep_in(writer: EncryptingWriter) -> Callable[[bytes], bool]:
    """Return what takes GnuPG's output block by block; false says that nothing is to be gathered in memory."""

    def keep(block: bytes) -> bool:
        writer.write(block)
        return False

    return keep


def key_fingerprints(gpg_home: Path | None) -> list[str]:
    """Return the fingerprints of our private keys: a held file is judged again when they change."""
    if gpg_home is None:
        return []
    return sorted(str(key["fingerprint"]) for key in _gpg(gpg_home).list_keys(secret=True))


def _gpg(gpg_home: Path | None) -> gnupg.GPG:
    if gpg_home is None:
        raise SealUnopened(FileReason.SEAL_NOT_OPENED)
    try:
        gpg = gnupg.GPG(gnupghome=str(gpg_home), options=["--pinentry-mode", "error"])
    except (OSError, ValueError):  # no gpg on this machine, or no such folder
        raise SealUnopened(FileReason.SEAL_NOT_OPENED) from None
    gpg.buffer_size = CHUNK_BYTES
    return gpg
