"""What the base answers about a use: of a contact, of one of its acts, and each rule that spoke.

Asking belongs to `asking`; nothing is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from terms.reasons import Channel, Decision, Profile, Verdict


@dataclass(frozen=True)
class Judgement:
    """Whether one asked contact may be used, and why not.

    `codes` are all reasons with an effect, sorted, empty when allowed; `worst_code` is the worst of the best act
    and the contact, None when allowed; the best act is None where there is none.
    """

    contact_id: str
    verdict: Verdict
    decision: Decision
    codes: tuple[str, ...]
    worst_code: str | None
    best_delivery_id: str | None
    best_line_number: int | None


@dataclass(frozen=True)
class ActJudgement:
    """What one act alone allows, without the contact's own codes."""

    contact_id: str
    delivery_id: str
    line_number: int
    verdict: Verdict
    decision: Decision
    codes: tuple[str, ...]


@dataclass(frozen=True)
class UseAnswer:
    """What a contact (no act), or one of its acts alone, allows by a channel and a reading of the law; codes sorted."""

    contact_id: str
    channel: Channel
    profile: Profile
    delivery_id: str | None
    line_number: int | None
    verdict: Verdict
    codes: tuple[str, ...]


@dataclass(frozen=True)
class SpokenRule:
    """A rule that spoke of a contact (no act) or of one of its acts, by the law of the use's moment.

    It holds from `holds_from` until `holds_until` (aware, the latter excluded); None = open.
    """

    contact_id: str
    delivery_id: str | None
    line_number: int | None
    code: str
    effect: Verdict
    rule_id: str
    sentence: str
    source: str
    holds_from: datetime | None
    holds_until: datetime | None
