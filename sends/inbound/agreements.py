"""From a yes to a direct consent: the yeses to invitations are handed in as a delivery of our own, with its own dossier.

The notice of such a consent is the message that the person answered, letter by letter. It goes through the same door
as every partner's file: evidence, lines, proof, judgement. What a reply means is read by `replies`.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import ColumnElement, Connection, FromClause, func, select

from consent.acts.person_acts import FactKind
from consent.dossiers.controller import read_controller
from consent.dossiers.dossiers import Dossier, DossierSet, notice_id_of, read_dossier
from consent.dossiers.notice_linter import said_targeting
from partners_ingest.arrival.landing import Arrival
from sends.orders.order import Kind
from sends.orders.sponsors import read_sponsor
from stores.all_stores import Stores
from stores.lake import reading_name
from stores.operations.database import insert_once, transaction
from stores.operations.delivery_tables import deliveries
from stores.operations.message_tables import agreement_exports, message_texts, messages
from stores.operations.person_tables import contact_facts
from stores.operations.plan_tables import approvals, plans
from terms.clock import from_micros, to_iso, to_micros
from terms.paris import day_in_paris

#: Who delivers the yeses: we ourselves. dbt knows the name too (`int_contacts__latest`).
OWN_PARTNER = "contact-citoyen-sms"

#: Policy: how long after its window an invitation may be answered.
_ANSWERABLE = timedelta(days=30)

_COLUMNS = ("phone", "answered_at", "answer", "answer_id", "message", "notice")
_NAME = "yes_%Y%m%dT%H%M%SZ.csv"


@dataclass(frozen=True)
class _Invitation:
    """One text that people were asked by: when it was asked and checked, and for whom."""

    text: str
    sponsor_id: str
    asked_from: datetime
    asked_until: datetime
    approved_at: datetime
    approved_by: str

    @property
    def notice_id(self) -> str:
        return notice_id_of(self.text)


def hand_in_yeses(stores: Stores) -> int:
    """Put the yeses that came in since into a file's name, and return how many; the file is made by `yes_arrivals`.

    The name is committed before the file is: whatever dies, the next run makes the same file again.
    """
    now = stores.clock.now()
    exported_at = now.replace(microsecond=0) + timedelta(seconds=1)  # after every yes in it
    with transaction(stores.engine) as work:
        known = select(agreement_exports.c.fact_id)
        new = select(contact_facts.c.fact_id).select_from(_yeses()).where(contact_facts.c.fact_id.not_in(known))
        fact_ids: Sequence[str] = work.execute(new.where(_is_yes())).scalars().all()
        named = {"file_name": exported_at.astimezone(UTC).strftime(_NAME), "exported_at": to_micros(exported_at)}
        rows = [{"fact_id": fact_id, **named} for fact_id in sorted(fact_ids)]
        return insert_once(work, agreement_exports, rows) if rows else 0


def with_own_dossier(stores: Stores, found: DossierSet) -> DossierSet:
    """Return the dossiers of the partners with our own beside them, where anybody answered an invitation.

    Raises:
        DossierInvalid: our own cannot be read: a defect of ours.
    """
    dossier = own_dossier(stores)
    if dossier is None:
        return found
    return replace(found, dossiers=MappingProxyType({**found.dossiers, OWN_PARTNER: dossier}))


def own_dossier(stores: Stores) -> Dossier | None:
    """Return what we know of our own invitations, as a partner's dossier; None before the first yes.

    Each text is a form version and a notice; the second person's approval is its audit.
    """
    with stores.engine.connect() as work:
        invitations = _invitations(work)
    if not invitations:
        return None
    with tempfile.TemporaryDirectory(prefix="filiation-own-") as folder:
        own = Path(folder) / OWN_PARTNER
        (own / "notices").mkdir(parents=True)
        for item in invitations:
            (own / "notices" / f"{item.notice_id}.txt").write_text(item.text, encoding="utf-8")
        (own / "partner.yaml").write_text(json.dumps(_dossier(stores, invitations), ensure_ascii=False, indent=1))
        return read_dossier(own)


@contextmanager
def yes_arrivals(stores: Stores) -> Iterator[list[Arrival]]:
    """Give the files of yeses that were not taken in yet, in memory only: numbers are in clear in them."""
    with ExitStack() as until_read:
        with stores.engine.connect() as work:
            files = [(name, exported_at, _file(stores, work, name)) for name, exported_at in _waiting_files(work)]
        yield [
            Arrival(
                partner_id=OWN_PARTNER,
                path=until_read.enter_context(_in_memory(content)),
                file_name=name,
                arrived_at=from_micros(exported_at),
                is_logged=True,
            )
            for name, exported_at, content in files
        ]


@contextmanager
def _in_memory(content: bytes) -> Iterator[Path]:
    """Give the path of a file that is on no disk and that only this process can open."""
    with os.fdopen(os.memfd_create("yes"), "wb") as file:
        file.write(content)
        file.flush()
        yield Path(f"/proc/self/fd/{file.fileno()}")


def _yeses() -> FromClause:
    """Return the join of yeses with the invitations that they answer and the texts of these."""
    return (
        contact_facts.join(messages, messages.c.send_id == contact_facts.c.send_id)
        .join(plans, plans.c.plan_id == messages.c.plan_id)
        .join(message_texts, message_texts.c.message_sha256 == messages.c.message_sha256)
    )


def _is_yes() -> ColumnElement[bool]:
    return (contact_facts.c.kind == FactKind.REPLY.value) & (plans.c.kind == Kind.INVITATION.value)


def _waiting_files(work: Connection) -> Sequence[tuple[str, int]]:
    taken = select(deliveries.c.file_name).where(
        deliveries.c.partner_id == OWN_PARTNER, deliveries.c.outcome == "accepted"
    )
    exports = agreement_exports.c
    query = select(exports.file_name, exports.exported_at).distinct().where(exports.file_name.not_in(taken))
    return work.execute(query.order_by(exports.exported_at)).tuples().all()


def _file(stores: Stores, work: Connection, name: str) -> bytes:
    """Return the bytes of a file of yeses, the same whenever it is made; a number that was erased since is left out."""
    query = (
        select(
            contact_facts.c.contact_id,
            contact_facts.c.occurred_at,
            contact_facts.c.fact_id,
            contact_facts.c.send_id,
            message_texts.c.shown_text,
        )
        .select_from(_yeses().join(agreement_exports, agreement_exports.c.fact_id == contact_facts.c.fact_id))
        .where(agreement_exports.c.file_name == name, _is_yes())
        .order_by(contact_facts.c.occurred_at, contact_facts.c.fact_id)
    )
    rows = work.execute(query).all()
    numbers = _numbers(stores, work, [row.contact_id for row in rows])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(_COLUMNS)
    for row in rows:
        if (number := numbers.get(row.contact_id)) is not None:
            at, notice = to_iso(from_micros(row.occurred_at)), notice_id_of(row.shown_text)
            writer.writerow((number, at, "oui", row.fact_id, row.send_id, notice))
    return text.getvalue().encode()


def _numbers(stores: Stores, work: Connection, contact_ids: Sequence[str]) -> Mapping[str, str]:
    query = select(deliveries.c.delivery_id, deliveries.c.reading).where(deliveries.c.outcome == "accepted")
    names = [reading_name(row.delivery_id, row.reading) for row in work.execute(query)]
    return stores.vault.numbers(names, contact_ids)


def _invitations(work: Connection) -> list[_Invitation]:
    """Return the texts that somebody said yes to, each once, with the spans of its plans."""
    query = (
        select(
            message_texts.c.shown_text,
            func.min(plans.c.sponsor_id),
            func.min(plans.c.planned_at),
            func.max(plans.c.window_to),
            func.min(approvals.c.approved_at),
            func.min(approvals.c.approved_by),
        )
        .select_from(
            _yeses()
            .join(agreement_exports, agreement_exports.c.fact_id == contact_facts.c.fact_id)
            .join(approvals, approvals.c.plan_id == plans.c.plan_id)
        )
        .where(_is_yes())
        .group_by(message_texts.c.shown_text)
        .order_by(message_texts.c.shown_text)
    )
    return [
        _Invitation(text, sponsor, from_micros(since), from_micros(until), from_micros(approved), by)
        for text, sponsor, since, until, approved, by in work.execute(query).tuples()
    ]


def _dossier(stores: Stores, invitations: Sequence[_Invitation]) -> dict[str, object]:
    controller = read_controller(stores.settings.config)
    first = min(item.asked_from for item in invitations)
    return {
        "partner_id": OWN_PARTNER,
        "legal_name": controller.legal_name,
        "siren": "not stated" if controller.contacts is None else controller.contacts.registration,
        "sensitivity": "none",
        "collected_directly": True,  # the person answers us, in its own words
        "chain": [{"name": controller.legal_name, "role": "controller"}],
        "contract": {"signed_on": _day(first), "ends_on": None},
        "legal_basis": "consent",
        "audits": [
            {
                "on": _day(item.approved_at),
                "auditor": item.approved_by,
                "form_version": item.notice_id,
                "finding": "compliant",
            }
            for item in invitations
        ],
        "form_versions": [_form_version(item) for item in invitations],
        "notices": [_notice(stores, controller.legal_name, item) for item in invitations],
        "feeds": [_FEED],
    }


def _form_version(item: _Invitation) -> dict[str, object]:
    return {
        "form_version": item.notice_id,
        "url": "sms",
        "first_seen_at": to_iso(item.asked_from),
        "last_seen_at": to_iso(item.asked_until + _ANSWERABLE),
        "box_default": "none",
        "act": "double_opt_in",  # the person writes the word itself, from its own phone
        "refusal_as_easy": True,  # nothing to do, or STOP
        "bundled_with_entry": False,
        "notice_id": item.notice_id,
    }


def _notice(stores: Stores, controller: str, item: _Invitation) -> dict[str, object]:
    """Declare of a message what the rules made it say: who asks, for which party, for politics by SMS.

    By what people are selected counts only where the text says it.
    """
    targeting = list(said_targeting(item.text))
    sponsor = read_sponsor(stores.settings.config / "sponsors", item.sponsor_id)
    return {
        "notice_id": item.notice_id,
        "file": f"notices/{item.notice_id}.txt",
        "language": "fr",
        "recipients": [
            {"name": controller, "kind": "controller"},
            *({"name": name, "kind": "sponsor"} for name in sponsor.names()),
        ],
        "purposes": ["political"],
        "channels": ["sms"],
        "mentions_targeting": bool(targeting),
        "targeting_by": targeting or None,
    }


def _day(instant: datetime) -> str:
    return day_in_paris(instant).isoformat()


_FEED: Mapping[str, object] = {
    "feed_id": "yes-replies",
    "pattern": "yes_*.csv",
    "kind": "optins",
    "mode": "delta",
    "format": "csv",
    "compression": "none",
    "encoding": "utf-8",
    "delimiter": ",",
    "quote": '"',
    "header": True,
    "header_extra_label": False,
    "headers": [list(_COLUMNS)],
    "exported_at": {"format": _NAME, "timezone": "UTC"},
    "timezone": "UTC",
    "date_formats": {"consented_at": ["iso8601"]},
    "mapping": {
        "phone": ["phone"],
        "consented_at": "answered_at",
        "consent_flag": "answer",
        "consent_id": "answer_id",
        "source_record_id": "message",
        "notice_id": "notice",
    },
    "values": {"consent_flag": {"given": ["oui"], "refused": ["non"]}},
    "list_separators": {},
    "constants": {},
    "form_version_from": "notice_id",
    "min_rows": 0,
    "max_change_pct": None,
}
