"""Signed checkpoints: size and root of the log as a C2SP signed note (tlog-checkpoint, Ed25519).

The signing key is derived in `stores.keys`; `sealing.log.log` decides when a checkpoint is made.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: Name of the log and of its key; the first line of every checkpoint.
ORIGIN = "contact-citoyen.example/filiation"
_ED25519 = b"\x01"
_SIGNATURE_MARK = "\u2014 "


@dataclass(frozen=True)
class Checkpoint:
    """The log at one instant: the number of leaves, and the root over them (32 bytes)."""

    size: int
    root: bytes

    def text(self) -> str:
        """Return the note's text, each line with its newline."""
        return f"{ORIGIN}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class LogKey:
    """The key pair that signs checkpoints."""

    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, seed: bytes) -> LogKey:
        """Return the key pair of a 32-byte seed."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def verifier_key(self) -> str:
        """Return the public key as signed-note writes it: name, key id, base64 of type and key."""
        public = self.private.public_key().public_bytes_raw()
        return f"{ORIGIN}+{_key_id(public).hex()}+{base64.b64encode(_ED25519 + public).decode()}"

    def sign(self, checkpoint: Checkpoint) -> str:
        """Return the checkpoint as a signed note."""
        text = checkpoint.text()
        signature = _key_id(self.private.public_key().public_bytes_raw()) + self.private.sign(text.encode())
        return f"{text}\n{_SIGNATURE_MARK}{ORIGIN} {base64.b64encode(signature).decode()}\n"

    def opened(self, note: str) -> Checkpoint | None:
        """Return the checkpoint of a note that this key signed, or None for any other text."""
        text, _, signatures = note.partition("\n\n")
        signed = [_signature(line) for line in signatures.splitlines()]
        public = self.private.public_key()
        if not any(_holds(public, f"{text}\n", signature) for signature in signed):
            return None
        origin, size, root = text.split("\n")[:3]
        return Checkpoint(int(size), base64.b64decode(root)) if origin == ORIGIN else None


def _signature(line: str) -> bytes:
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if f"{mark} " != _SIGNATURE_MARK or name != ORIGIN:
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return b""


def _holds(public: Ed25519PublicKey, text: str, signature: bytes) -> bool:
    if signature[:4] != _key_id(public.public_bytes_raw()):
        return False
    try:
        public.verify(signature[4:], text.encode())
    except InvalidSignature:
        return False
    return True


def _key_id(public: bytes) -> bytes:
    return sha256(ORIGIN.encode() + b"\n" + _ED25519 + public).digest()[:4]
