"""Keys derived from the two secrets, one per purpose, and the SQL that hashes columns with them.

The contact key never rotates, because every `contact_id` depends on it. Encryption keys come from the vault key.
Reading the secrets belongs to `terms.settings`, rotating the vault key to `sealing.seals.rotation`.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from terms.identifiers import ContactId
from terms.settings import Settings


@dataclass(frozen=True)
class KeyedHash:
    """HMAC-SHA256 with one key, in Python and as SQL over a column.

    DuckDB has no HMAC: it is built from sha256 with the two padded keys as bound parameters.
    """

    key: bytes = field(repr=False)

    def hex(self, text: str) -> str:
        """Return the HMAC of `text` as 64 hex digits."""
        return hmac.new(self.key, text.encode(), sha256).hexdigest()

    def parameters(self, name: str) -> dict[str, bytes]:
        """Return the bound parameters that `sql(…, name)` needs."""
        padded = self.key.ljust(64, b"\0")
        return {
            f"{name}_inner": bytes(byte ^ 0x36 for byte in padded),
            f"{name}_outer": bytes(byte ^ 0x5C for byte in padded),
        }

    @staticmethod
    def sql(expression: str, name: str) -> str:
        """Return SQL for the HMAC of a VARCHAR expression as 64 hex digits."""
        return f"sha256(${name}_outer || unhex(sha256(${name}_inner || encode({expression}))))"


#: How `RowHash` hashes, for the stamp of a home: rows of two ways would not find each other, and a withdrawal its act.
ROW_HASH = "sha256-128"


@dataclass(frozen=True)
class RowHash:
    """The first 128 bits of SHA-256 over a key and a text, in Python and as SQL over a column.

    For what a row states beside the number, four times a row: a third of the time of an HMAC in SQL. Half of the state
    stays unknown, so that no longer text's hash follows from a shorter one's, against which HMAC hashes twice.
    """

    key: bytes = field(repr=False)

    def hex(self, text: str) -> str:
        """Return the hash of `text` as 32 hex digits."""
        return sha256(self.key + text.encode()).hexdigest()[:32]

    def parameters(self, name: str) -> dict[str, bytes]:
        """Return the bound parameters that `sql(…, name)` needs."""
        return {f"{name}_key": self.key}

    @staticmethod
    def sql(expression: str, name: str) -> str:
        """Return SQL for the hash of a VARCHAR expression as 32 hex digits."""
        return f"sha256(${name}_key || encode({expression}))[:32]"


@dataclass(frozen=True)
class Keys:
    """The keys of a home that come from the contact key; none of them is ever printed or stored, and none opens a file."""

    contact: KeyedHash
    source: RowHash
    address: RowHash
    ip: RowHash
    suppression: KeyedHash
    log_seed: bytes = field(repr=False)

    def contact_id(self, e164: str) -> ContactId:
        """Return the id of a number: its HMAC cut to 128 bits, written as a UUID."""
        return ContactId(str(UUID(self.contact.hex(e164)[:32])))

    @staticmethod
    def contact_id_sql(expression: str) -> str:
        """Return SQL for the id (UUID) of an E.164 expression; bind `contact.parameters("contact")`."""
        return f"{KeyedHash.sql(expression, 'contact')}[:32]::uuid"


@dataclass(frozen=True)
class FileKeys:
    """The keys of a home that come from the vault key: what encrypted files open with. Never printed or stored."""

    evidence: bytes = field(repr=False)
    vault: bytes = field(repr=False)


def derive_keys(settings: Settings) -> Keys:
    """Derive the keys of ids, marks and signatures from the contact key (HKDF-SHA256, one label per purpose)."""
    contact = settings.contact_key
    return Keys(
        contact=KeyedHash(_derive(contact, "contact id")),
        source=RowHash(_derive(contact, "source key")),
        address=RowHash(_derive(contact, "address key")),
        ip=RowHash(_derive(contact, "ip key")),
        suppression=KeyedHash(_derive(contact, "suppression mark")),
        # from the secret that never rotates: a checkpoint must be verifiable for as long as the regulator may ask
        log_seed=_derive(contact, "log signing"),
    )


def derive_file_keys(settings: Settings) -> FileKeys:
    """Derive the keys of encrypted files from the vault key (HKDF-SHA256, one label per purpose)."""
    return FileKeys(evidence=_derive(settings.vault_key, "evidence"), vault=_derive(settings.vault_key, "vault"))


def fingerprint(key: bytes) -> str:
    """Return 16 hex digits that tell keys apart without revealing them (for the stamp of a home)."""
    return _derive(key, "fingerprint").hex()[:16]


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"filiation {purpose}".encode()).derive(secret)
