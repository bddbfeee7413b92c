"""One encrypted file: AES-256-GCM in chunks, readable at any offset; changed or cut bytes are refused.

Layout: magic, nonce and wrapped data key (a fresh key per file, wrapped by the store's key, so a rotation rewrites headers
only), then chunks of 1 MiB + 16 bytes of tag. The nonce is the chunk's index. Index and "is last" are authenticated, so
chunks can be neither moved nor dropped. Parquet files are encrypted by DuckDB (`stores.vault`).
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terms.errors import FiliationError

MAGIC = b"FILEV001"
CHUNK_BYTES = 1024 * 1024
_TAG = 16
_NONCE = 12
_HEADER = len(MAGIC) + _NONCE + 32 + _TAG


class DamagedEvidence(FiliationError):
    """Encrypted bytes that do not open: changed, cut, or written under another key."""


class EncryptingWriter:
    """Writes plain bytes into an encrypted file; `close` writes the last chunk."""

    def __init__(self, handle: BinaryIO, key: bytes) -> None:
        data_key = AESGCM.generate_key(256)
        nonce = os.urandom(_NONCE)
        handle.write(MAGIC + nonce + AESGCM(key).encrypt(nonce, data_key, MAGIC))
        self._handle, self._cipher = handle, AESGCM(data_key)
        self._pending, self._index = bytearray(), 0

    def write(self, data: bytes) -> None:
        """Add plain bytes."""
        self._pending += data
        while len(self._pending) > CHUNK_BYTES:
            self._write_chunk(bytes(self._pending[:CHUNK_BYTES]), is_last=b"\0")
            del self._pending[:CHUNK_BYTES]

    def close(self) -> None:
        """Write the last chunk (perhaps empty); the handle stays open."""
        self._write_chunk(bytes(self._pending), is_last=b"\1")

    def _write_chunk(self, data: bytes, is_last: bytes) -> None:
        self._handle.write(self._cipher.encrypt(_nonce(self._index), data, is_last))
        self._index += 1


class DecryptingReader(io.RawIOBase):
    """Seekable plain view of an encrypted file.

    Raises:
        DamagedEvidence: on opening or reading bytes that do not authenticate.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._handle = path.open("rb")
        self._cipher = AESGCM(_unwrapped(self._handle, key))
        body = os.fstat(self._handle.fileno()).st_size - _HEADER
        self._chunks = max(1, -(-body // (CHUNK_BYTES + _TAG)))
        self._size = body - self._chunks * _TAG
        self._position, self._cached_index, self._cached = 0, -1, b""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in the plain bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move in the plain bytes."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Fill `buffer` with plain bytes and return how many; 0 at the end."""
        if self._position >= self._size:
            self._load(self._chunks - 1)
            return 0
        index, within = divmod(self._position, CHUNK_BYTES)
        piece = self._load(index)[within : within + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        """Close the file underneath."""
        self._handle.close()
        super().close()

    def _load(self, index: int) -> bytes:
        if index != self._cached_index:
            self._handle.seek(_HEADER + index * (CHUNK_BYTES + _TAG))
            sealed = self._handle.read(CHUNK_BYTES + _TAG)
            is_last = b"\1" if index == self._chunks - 1 else b"\0"
            try:
                self._cached = self._cipher.decrypt(_nonce(index), sealed, is_last)
            except InvalidTag:
                raise DamagedEvidence(
                    f"Chunk {index} of an evidence file was changed or cut.", "Restore it from the backup."
                ) from None
            self._cached_index = index
        return self._cached


def rewrapped_header(path: Path, old: bytes, new: bytes) -> bytes:
    """Return the header that makes a file open under another key; it has the length of the present header.

    Args:
        path: of the encrypted file.
        old: key (32 bytes) under which it opens now.
        new: key (32 bytes) under which it is to open.

    Raises:
        DamagedEvidence: the file does not open under `old`.
    """
    with path.open("rb") as handle:
        data_key = _unwrapped(handle, old)
    nonce = os.urandom(_NONCE)
    return MAGIC + nonce + AESGCM(new).encrypt(nonce, data_key, MAGIC)


def _unwrapped(handle: BinaryIO, key: bytes) -> bytes:
    header = handle.read(_HEADER)
    if len(header) < _HEADER or not header.startswith(MAGIC):
        raise DamagedEvidence("An evidence file has no valid header.", "Restore it from the backup.")
    nonce, wrapped = header[len(MAGIC) : len(MAGIC) + _NONCE], header[len(MAGIC) + _NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, wrapped, MAGIC)
    except InvalidTag:
        raise DamagedEvidence("An evidence file's key does not open.", "Check FILIATION_VAULT_KEY.") from None


def _nonce(index: int) -> bytes:
    return index.to_bytes(_NONCE, "big")
