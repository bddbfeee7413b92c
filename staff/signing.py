"""Whose key signs, and how: with a person's own SSH key, or the key of a person whom one account plays.

The format of a signature belongs to `staff.ssh_signatures`. A private key of a person is never read here: `ssh-keygen`
asks the person's agent, hardware key or file.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from staff.persons import Person
from staff.ssh_signatures import NAMESPACE, PublicKey, SignatureInvalid, check_signature, public_key_of, sign_text
from terms.environment import ONE_ACCOUNT
from terms.errors import Refused, UsageError
from terms.settings import Settings

#: A person may have to find and touch a hardware key.
_PATIENCE_SECONDS = 120


class MadeSignature(NamedTuple):
    """A signature with its armour, and the fingerprint of the key that made it."""

    key_fingerprint: str
    signature: str


def played_key(settings: Settings, person_id: str) -> PublicKey:
    """Return the public key of a person whom one account plays; only where it does."""
    return public_key_of(_played(settings, person_id))


def sign_as(settings: Settings, person: Person, text: str, day: date) -> MadeSignature:
    """Sign a text with a key of a person that counts on a day.

    Args:
        settings: of this process.
        person: who signs.
        text: what is signed.
        day: today in Paris.

    Raises:
        UsageError: `ssh-keygen` is missing.
        Refused: none of the person's keys signed it.
    """
    if ONE_ACCOUNT[settings.environment]:
        private = _played(settings, person.person_id)
        return MadeSignature(public_key_of(private).fingerprint, sign_text(private, text))
    keys = [key.key for key in person.keys if key.counts_on(day)]
    with tempfile.TemporaryDirectory() as folder:
        for file in _key_files(settings, keys, Path(folder)):
            made = _ssh_keygen(file, text)
            for key in keys:
                if _is_of(key, text, made):
                    return MadeSignature(key.fingerprint, made)
    raise Refused(
        f"No key of {person.name} signed this.",
        "Load it into the agent (`ssh-add`), plug the hardware key in, or set FILIATION_SSH_KEY to its file.",
    )


def _played(settings: Settings, person_id: str) -> Ed25519PrivateKey:
    """Return the key of a played person, derived from the key of the home that never rotates: it is stored nowhere."""
    if not ONE_ACCOUNT[settings.environment]:
        raise AssertionError(f"nobody is played in {settings.environment}")
    info = f"filiation played person {person_id}".encode()
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(settings.contact_key)
    return Ed25519PrivateKey.from_private_bytes(derived)


def _key_files(settings: Settings, keys: list[PublicKey], folder: Path) -> Iterator[Path]:
    """Yield the file that was set, or a public key for each key, by which `ssh-keygen` finds it in the agent."""
    if settings.ssh_identity is not None:
        yield settings.ssh_identity
        return
    for place, key in enumerate(keys):
        file = folder / f"{place}.pub"
        file.write_text(key.line + "\n")
        yield file


def _ssh_keygen(file: Path, text: str) -> str:
    """Return the signature that OpenSSH made with a key, or nothing where it made none."""
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE.decode(), "-f", str(file)]
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS
        )
    except FileNotFoundError:
        raise UsageError("ssh-keygen is not installed.", "Install OpenSSH's client: it signs with your key.") from None
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""


def _is_of(key: PublicKey, text: str, made: str) -> bool:
    try:
        check_signature(key, text, made)
    except SignatureInvalid:
        return False
    return True
