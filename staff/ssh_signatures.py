"""Signatures of SSH keys in OpenSSH's format (`ssh-keygen -Y`, file PROTOCOL.sshsig of OpenSSH): making and checking one.

The arithmetic is the library's (`cryptography`); here is only how the format frames it. Which key is whose belongs to
`staff.register`, asking a person's agent or hardware key for a signature to `staff.signing`.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256, sha512

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: What our signatures are for: one made for mail or git does not count here.
NAMESPACE = b"filiation"

_MAGIC, _VERSION = b"SSHSIG", 1
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_HASHES = {b"sha256": sha256, b"sha512": sha512}
_ED25519, _ECDSA = b"ssh-ed25519", b"ecdsa-sha2-nistp256"
_SK_ED25519, _SK_ECDSA = b"sk-ssh-ed25519@openssh.com", b"sk-ecdsa-sha2-nistp256@openssh.com"
_KINDS = (_ED25519, _ECDSA, _SK_ED25519, _SK_ECDSA)
#: The flag of a hardware key that somebody touched it.
_TOUCHED = 1


class SignatureInvalid(ValueError):
    """A signature that is none of this key over this text; says why, and nothing of the text."""


class KeyUnfit(ValueError):
    """A public key that this software does not take; says why."""


@dataclass(frozen=True)
class PublicKey:
    """A public key as SSH writes it on the wire; `kind` is its first field."""

    blob: bytes
    kind: bytes

    @property
    def fingerprint(self) -> str:
        """Return its fingerprint as `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """Return the key as a line of a `.pub` file, without comment."""
        return f"{self.kind.decode()} {base64.b64encode(self.blob).decode()}"


class _Fields:
    """The fields of a message on SSH's wire, taken one after another."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise SignatureInvalid("it is cut short")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def text(self) -> bytes:
        return self.take(self.number())

    def end(self) -> None:
        if self._at != len(self._data):
            raise SignatureInvalid("something follows its end")


def read_public_key(line: str) -> PublicKey:
    """Read a line of a `.pub` file.

    Raises:
        KeyUnfit: it is none, or of a kind that is not taken here.
    """
    parts = line.split()
    if len(parts) < 2 or parts[0].encode() not in _KINDS:
        raise KeyUnfit(f"is not a line of a .pub file of one of the kinds {', '.join(k.decode() for k in _KINDS)}")
    try:
        key = PublicKey(base64.b64decode(parts[1], validate=True), parts[0].encode())
        _check_by(key)
    except (binascii.Error, SignatureInvalid, ValueError):
        raise KeyUnfit("is not a whole public key") from None
    return key


def public_key_of(private: Ed25519PrivateKey) -> PublicKey:
    """Return the public key of a private one."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return PublicKey(_text(_ED25519) + _text(raw), _ED25519)


def sign_text(private: Ed25519PrivateKey, text: str) -> str:
    """Sign a text as `ssh-keygen -Y sign -n filiation` does, and return the signature with its armour."""
    signed = _text(_ED25519) + _text(private.sign(_signed_data(text, NAMESPACE, b"sha512")))
    head = _MAGIC + _VERSION.to_bytes(4, "big") + _text(public_key_of(private).blob)
    blob = head + _text(NAMESPACE) + _text(b"") + _text(b"sha512") + _text(signed)
    letters = base64.b64encode(blob).decode()
    lines = [letters[start : start + 70] for start in range(0, len(letters), 70)]
    return "\n".join([_BEGIN, *lines, _END]) + "\n"


def check_signature(key: PublicKey, text: str, armoured: str) -> None:
    """Check that a signature is this key's over a text, as `ssh-keygen -Y verify -n filiation` does.

    Args:
        key: whose signature it should be.
        text: what was signed.
        armoured: the signature with its armour.

    Raises:
        SignatureInvalid: it is not; says why.
    """
    fields = _Fields(_unarmoured(armoured))
    if fields.take(len(_MAGIC)) != _MAGIC or fields.number() != _VERSION:
        raise SignatureInvalid("it is not in the format of ssh-keygen -Y")
    if fields.text() != key.blob:
        raise SignatureInvalid("it is of another key")
    namespace, _, hash_name, signed = fields.text(), fields.text(), fields.text(), fields.text()
    fields.end()
    if namespace != NAMESPACE:
        raise SignatureInvalid("it was made for something else than filiation")
    if hash_name not in _HASHES:
        raise SignatureInvalid("its hash is not known here")
    inner = _Fields(signed)
    if inner.text() != key.kind:
        raise SignatureInvalid("it is of another kind than its key")
    try:
        _check_by(key, inner, _signed_data(text, namespace, hash_name))
    except InvalidSignature:
        raise SignatureInvalid("it is not of this text") from None


def _check_by(key: PublicKey, signature: _Fields | None = None, data: bytes = b"") -> None:
    """Check a signature by the kind of its key; without one, only whether the key is whole."""
    fields = _Fields(key.blob)
    if fields.text() != key.kind:
        raise SignatureInvalid("its key is of another kind than it says")
    point: Ed25519PublicKey | ec.EllipticCurvePublicKey
    if key.kind in (_ED25519, _SK_ED25519):
        point = Ed25519PublicKey.from_public_bytes(fields.text())
    else:
        fields.text()  # the curve, which the kind has named already
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), fields.text())
    application = fields.text() if key.kind in (_SK_ED25519, _SK_ECDSA) else None
    fields.end()
    if signature is None:
        return
    made = signature.text()
    if application is not None:
        data = _hardware_data(signature, application, data)
    signature.end()
    if isinstance(point, Ed25519PublicKey):
        point.verify(made, data)
    else:
        point.verify(_der(made), data, ec.ECDSA(hashes.SHA256()))


def _hardware_data(signature: _Fields, application: bytes, data: bytes) -> bytes:
    """Return what a hardware key signs: flags and counter of the key between the hashes of application and data."""
    flags, counter = signature.take(1), signature.take(4)
    if not flags[0] & _TOUCHED:
        raise SignatureInvalid("nobody touched the hardware key")
    return sha256(application).digest() + flags + counter + sha256(data).digest()


def _der(made: bytes) -> bytes:
    fields = _Fields(made)
    r, s = (int.from_bytes(fields.text(), "big") for _ in range(2))
    fields.end()
    return encode_dss_signature(r, s)


def _signed_data(text: str, namespace: bytes, hash_name: bytes) -> bytes:
    hashed = _HASHES[hash_name](text.encode()).digest()
    return _MAGIC + _text(namespace) + _text(b"") + _text(hash_name) + _text(hashed)


def _unarmoured(armoured: str) -> bytes:
    found = re.fullmatch(rf"\s*{_BEGIN}\s+([A-Za-z0-9+/=\s]+){_END}\s*", armoured)
    if found is None:
        raise SignatureInvalid("it is not in the format of ssh-keygen -Y")
    try:
        return base64.b64decode("".join(found.group(1).split()), validate=True)
    except binascii.Error:
        raise SignatureInvalid("it is not in the format of ssh-keygen -Y") from None


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data
