"""What a person did or asked, written into the operations database: it counts at the next hand-over, not the next night.

Reading a file of acts belongs to `acts_file`, checking what somebody typed to `act_entry`, answering to `requests`.
What an act does to a use is judged by the base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from consent.acts.request_clock import request_late_at
from stores.keys import Keys
from stores.operations import journal
from stores.operations.database import insert_once
from stores.operations.person_tables import contact_facts, opt_outs, requests
from stores.operations.suppressions import turns_away
from terms.clock import to_micros
from terms.identifiers import ContactId, digest


class ActKind(StrEnum):
    """What a person did: asked for something, took something back, or turned to us."""

    STOP = "stop"
    WITHDRAWAL = "withdrawal"
    OBJECTION = "objection"
    ERASURE = "erasure"
    ACCESS = "access"
    CLICK = "click"
    REPLY = "reply"
    FORM = "form"


#: Acts after which nobody may write any more, for every sponsor and channel (R-12, R-18, R-20).
SUPPRESSING = frozenset({ActKind.STOP, ActKind.WITHDRAWAL, ActKind.OBJECTION, ActKind.ERASURE})

#: Acts that must be answered within a month (GDPR 12(3)).
REQUESTS = frozenset({ActKind.WITHDRAWAL, ActKind.OBJECTION, ActKind.ERASURE, ActKind.ACCESS})


class FactKind(StrEnum):
    """Facts of a contact that the judgement reads beside the opt-outs (`judge_use.sql`)."""

    CLICK = "click"
    REPLY = "reply"
    FORM = "form"
    ACCESS_REQUEST = "access_request"
    ACCESS_ANSWER = "access_answer"
    UNKNOWN_SUBSCRIBER = "unknown_subscriber"


_FACTS: Mapping[ActKind, FactKind] = {
    ActKind.ACCESS: FactKind.ACCESS_REQUEST,
    ActKind.CLICK: FactKind.CLICK,
    ActKind.REPLY: FactKind.REPLY,
    ActKind.FORM: FactKind.FORM,
}


@dataclass(frozen=True)
class Subject:
    """Whose act it is: the contact, None once the person was erased, and the mark by which an erased one is known."""

    contact_id: ContactId | None
    mark: str

    @classmethod
    def of(cls, keys: Keys, e164: str) -> Subject:
        """Return whose act it is by the number (E.164)."""
        return cls(keys.contact_id(e164), keys.suppression.hex(e164))

    def as_known(self, work: Connection) -> Subject:
        """Return the subject without its contact if the person was erased: that id is written nowhere again.

        To be asked in the transaction that writes, so that an erasure which begins meanwhile counts.
        """
        return replace(self, contact_id=None) if turns_away(work, self.mark) else self


@dataclass(frozen=True)
class PersonAct:
    """One act of one person.

    Attributes:
        subject: whose act it is; its contact is None where the person was erased.
        kind: what they did.
        received_at: when we or the sponsor who relayed it got it: its effect and its clock begin there.
        source: where it came from.
        relayed_by: the sponsor who passed it on.
        reason: what the person gave as one.
    """

    subject: Subject
    kind: ActKind
    received_at: datetime
    source: str
    relayed_by: str | None = None
    reason: str | None = None

    @property
    def request_id(self) -> str:
        """Return the id: the same act entered again is the same act, of an erased person too."""
        return digest(
            self.subject.contact_id or self.subject.mark, self.kind.value, str(to_micros(self.received_at)), self.source
        )[:32]


@dataclass(frozen=True)
class Entered:
    """When and by whom something was entered."""

    at: datetime
    by: str


def record_act(work: Connection, act: PersonAct, entered: Entered) -> bool:
    """Write an act with its clock and journal lines in the caller's transaction; return False if it was there already.

    Of an erased person only the clock of a request is written, about nobody: the mark keeps everything else out already.

    Args:
        work: a transaction on the operations database.
        act: what the person did or asked.
        entered: when and by whom it is written.
    """
    act = replace(act, subject=act.subject.as_known(work))
    contact_id, is_new = act.subject.contact_id, False
    if contact_id is None:
        pass
    elif act.kind in SUPPRESSING:
        is_new = suppress(work, contact_id, act.kind, act.source, effective_at=act.received_at, known_at=entered.at)
    else:
        is_new = record_fact(
            work, contact_id, _FACTS[act.kind], act.source, occurred_at=act.received_at, known_at=entered.at
        )
    if act.kind in REQUESTS:
        is_new |= _record_request(work, act, entered)
    return is_new


def suppress(
    work: Connection,
    contact_id: ContactId,
    kind: ActKind,
    source: str,
    *,
    effective_at: datetime,
    known_at: datetime,
) -> bool:
    """Write an opt-out and its journal line in the caller's transaction; return False if it was there already.

    Channel and sponsor stay empty: one action stops everything (R-12).

    Args:
        work: a transaction on the operations database.
        contact_id: of the person.
        kind: what the person did.
        source: how it came, in words without a number.
        effective_at: from when it counts (aware).
        known_at: when it was written (aware).
    """
    row = {
        "opt_out_id": digest(contact_id, kind.value, source, str(to_micros(effective_at)))[:32],
        "contact_id": contact_id,
        "kind": kind.value,
        "source": source,
        "channel": None,
        "sponsor_id": None,
        "effective_at": to_micros(effective_at),
        "known_at": to_micros(known_at),
    }
    if not insert_once(work, opt_outs, [row]):
        return False
    told = {name: row[name] for name in ("contact_id", "kind", "source", "effective_at", "known_at")}
    journal.append(work, known_at, journal.Entry.OPT_OUT, str(row["opt_out_id"]), told)
    return True


def record_fact(
    work: Connection,
    contact_id: ContactId,
    kind: FactKind,
    source: str,
    *,
    occurred_at: datetime,
    known_at: datetime,
    send_id: str | None = None,
) -> bool:
    """Write a fact and its journal line in the caller's transaction; return False if it was there already.

    Args:
        work: a transaction on the operations database.
        contact_id: of the person.
        kind: of the fact.
        source: how it came, in words without a number.
        occurred_at: when it happened (aware).
        known_at: when it was written (aware).
        send_id: of the message that it is about; None = of none.
    """
    row = {
        "fact_id": digest(contact_id, kind.value, source, str(to_micros(occurred_at)))[:32],
        "contact_id": contact_id,
        "kind": kind.value,
        "source": source,
        "send_id": send_id,
        "occurred_at": to_micros(occurred_at),
        "known_at": to_micros(known_at),
    }
    if not insert_once(work, contact_facts, [row]):
        return False
    told: dict[str, object] = {"contact_id": contact_id, "kind": kind.value, "source": source, "send_id": send_id}
    journal.append(work, known_at, journal.Entry.CONTACT_FACT, str(row["fact_id"]), told)
    return True


def _record_request(work: Connection, act: PersonAct, entered: Entered) -> bool:
    row: dict[str, object] = {
        "request_id": act.request_id,
        "kind": act.kind.value,
        "contact_id": act.subject.contact_id,
        "campaign_id": None,
        "received_at": to_micros(act.received_at),
        "late_at": to_micros(request_late_at(act.received_at)),
        "source": act.source,
        "relayed_by": act.relayed_by,
        "reason": act.reason,
        "entered_at": to_micros(entered.at),
        "entered_by": entered.by,
    }
    if not insert_once(work, requests, [row]):
        return False
    told = ("kind", "contact_id", "received_at", "late_at", "source", "relayed_by")
    journal.append(work, entered.at, journal.Entry.REQUEST, act.request_id, {name: row[name] for name in told})
    return True
