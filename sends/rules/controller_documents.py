"""What the TTPA asks of us before anything is sent: two documents of article 19, the transparency notice, complaints.

What a sponsor must have declared belongs to `sends.rules.sponsor_rules`, how long records are kept to
`sends.rules.retention`, answering a complaint to `consent.acts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from consent.acts.request_clock import complaint_late_at
from consent.acts.requests import COMPLAINT
from consent.dossiers.controller import read_controller_file
from sends.rules.rulebook import OrderFinding, SendRules
from stores.operations.person_tables import request_answers, requests
from terms.clock import from_micros
from terms.months import months_after

#: R-43: the numbers of the items of the template of Implementing Regulation (EU) 2025/1410 (rules page §4.2).
TRANSPARENCY_NOTICE_ITEMS = frozenset(range(1, 17))

#: R-45: policy and assessment are of the last 12 months; on the day on which those are over they are too old.
_DOCUMENTS_MONTHS = 12


@dataclass(frozen=True)
class ControllerDocuments:
    """Days of our last policy on targeting and our last yearly assessment of its risks (TTPA article 19)."""

    targeting_policy_on: date
    risk_assessment_on: date


@dataclass(frozen=True)
class TransparencyNoticeFacts:
    """A transparency notice: when it was published (None = not yet) and which of the 16 items are filled."""

    published_at: datetime | None
    items: frozenset[int]


@dataclass(frozen=True)
class Complaint:
    """A complaint about an ad: when it came in and when it was answered (None = not yet)."""

    received_at: datetime
    answered_at: datetime | None


def read_controller_documents(config: Path) -> ControllerDocuments:
    """Read the days of our documents from `controller.yaml`; the rest of that file is read by `consent.dossiers.controller`.

    Raises:
        DocumentInvalid: a day is missing or wrong.
    """
    document = read_controller_file(config)
    policy, assessment = document.record.targeting_policy_on, document.record.risk_assessment_on
    if policy is None or assessment is None:
        raise document.invalid("is missing", "targeting_policy_on" if policy is None else "risk_assessment_on")
    return ControllerDocuments(policy, assessment)


def controller_document_findings(
    documents: ControllerDocuments, on: date, rules: SendRules
) -> tuple[OrderFinding, ...]:
    """Return ART19_STALE where one of our documents is 12 months old on a day in Paris (R-45).

    Args:
        documents: the days of both documents.
        on: the day (Paris) of the question.
        rules: effects and sentences.
    """
    days = {"targeting_policy_on": documents.targeting_policy_on, "risk_assessment_on": documents.risk_assessment_on}
    stale = [f"{name}: {day}" for name, day in days.items() if months_after(day, _DOCUMENTS_MONTHS) <= on]
    return rules.found("ART19_STALE", "controller", f"{', '.join(stale)}.") if stale else ()


def transparency_notice_findings(
    notice: TransparencyNoticeFacts, moment: datetime, rules: SendRules
) -> tuple[OrderFinding, ...]:
    """Return NOTICE_INCOMPLETE where an item is missing or nothing is published at the first message (R-43).

    Args:
        notice: when it was published, and its items.
        moment: the instant (aware) of the first message.
        rules: effects and sentences.
    """
    if notice.published_at is None or notice.published_at > moment:
        return rules.found("NOTICE_INCOMPLETE", "ttpa_notice", "It is not published.")
    missing = ", ".join(str(item) for item in sorted(TRANSPARENCY_NOTICE_ITEMS - notice.items))
    return rules.found("NOTICE_INCOMPLETE", "ttpa_notice", f"Missing: {missing}.") if missing else ()


def complaint_findings(complaints: Iterable[Complaint], moment: datetime, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return ART15_LATE where a complaint about the ad has waited for more than 48 hours without an answer (R-51).

    Args:
        complaints: complaints about the ad.
        moment: the instant (aware) of the question; later facts are not known.
        rules: effects and sentences.
    """
    late = [item for item in complaints if _is_open(item, moment) and moment >= complaint_late_at(item.received_at)]
    return rules.found("ART15_LATE", "complaints") if late else ()


def complaints_about(work: Connection, campaign_id: str) -> tuple[Complaint, ...]:
    """Return the complaints about a campaign's ads that were entered, with their answers."""
    query = (
        select(requests.c.received_at, request_answers.c.answered_at)
        .join(request_answers, request_answers.c.request_id == requests.c.request_id, isouter=True)
        .where(requests.c.kind == COMPLAINT, requests.c.campaign_id == campaign_id)
    )
    return tuple(
        Complaint(from_micros(received), None if answered is None else from_micros(answered))
        for received, answered in work.execute(query).tuples()
    )


def _is_open(complaint: Complaint, moment: datetime) -> bool:
    return complaint.received_at <= moment and (complaint.answered_at is None or complaint.answered_at > moment)
