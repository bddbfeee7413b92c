"""What is signed: the canonical record of a decision, and the rows of the ledger that hold such records.

Whose signature counts is checked by `staff.checking`; making one belongs to `staff.signing`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, select

from staff.acts import Act
from stores.keys import fingerprint
from stores.operations import journal
from stores.operations.log_tables import signatures
from terms.canonical_json import canonical_json
from terms.clock import from_micros, to_micros
from terms.settings import Settings


@dataclass(frozen=True)
class Decision:
    """What a person decides: the act, what it is about, and all that is decided of it (JSON-ready values)."""

    act: Act
    subject: str
    content: Mapping[str, object]


@dataclass(frozen=True)
class SignedDecision:
    """A decision with who signed it, when and with which key; `record` is the text that was signed."""

    decision: Decision
    person_id: str
    at: datetime
    record: str
    key_fingerprint: str
    signature: str


def record_of(settings: Settings, decision: Decision, person_id: str, at: datetime) -> str:
    """Return the text that a person signs for a decision.

    It names environment and home, so that a signature of one home counts in no other.

    Args:
        settings: of the home.
        decision: what is decided.
        person_id: who decides.
        at: when (aware).
    """
    told = {"act": decision.act.value, "subject": decision.subject, "content": dict(decision.content)}
    place = {"environment": settings.environment.value, "home": fingerprint(settings.contact_key)}
    return canonical_json({**told, **place, "by": person_id, "at": to_micros(at)})


def write_signed(work: Connection, signed: SignedDecision, now: datetime) -> None:
    """Write a signed decision and its journal line in the caller's transaction.

    Args:
        work: the caller's transaction.
        signed: the decision.
        now: the instant (aware) of the line.
    """
    record_sha256 = sha256(signed.record.encode()).hexdigest()
    row = {
        "act": signed.decision.act.value,
        "subject": signed.decision.subject,
        "record_json": signed.record,
        "record_sha256": record_sha256,
        "person_id": signed.person_id,
        "key_fingerprint": signed.key_fingerprint,
        "signed_at": to_micros(signed.at),
        "signature": signed.signature,
    }
    work.execute(signatures.insert().values(**row))
    told = {name: row[name] for name in ("act", "subject", "record_sha256", "person_id", "key_fingerprint")}
    journal.append(work, now, journal.Entry.SIGNATURE, f"{row['subject']}/{row['act']}", told)


def read_signed(work: Connection, act: Act, subject: str | None = None) -> Iterator[SignedDecision]:
    """Yield the signed decisions of an act, the newest first; nothing of them is checked yet.

    Args:
        work: an open connection.
        act: the act.
        subject: what they are about; None = any.
    """
    query = select(signatures).where(signatures.c.act == act.value).order_by(signatures.c.number.desc())
    if subject is not None:
        query = query.where(signatures.c.subject == subject)
    for row in work.execute(query).all():
        yield SignedDecision(
            Decision(act, row.subject, _content(row.record_json)),
            row.person_id,
            from_micros(row.signed_at),
            row.record_json,
            row.key_fingerprint,
            row.signature,
        )


def _content(record: str) -> Mapping[str, object]:
    """Return what a record says was decided; nothing where it is none of ours, which the check then refuses."""
    try:
        told = json.loads(record)
    except ValueError:
        return {}
    content = told.get("content") if isinstance(told, dict) else None
    return content if isinstance(content, dict) else {}
