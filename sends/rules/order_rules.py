"""All rules about an order together: what `campaign plan`, `segment count`, the sender and the golden cases ask.

Rules of one subject belong to the other modules of `sends.rules`. What depends on one contact is judged by the base, what
depends on one instant and place by `sends.rules.calendar`. Nothing is counted or reserved here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sends.orders.audience_criteria import Audience
from sends.orders.order import Order, SignOff
from sends.rules.context import Context
from sends.rules.controller_documents import (
    Complaint,
    complaint_findings,
    controller_document_findings,
    transparency_notice_findings,
)
from sends.rules.message import community_findings, sender_findings, text_findings
from sends.rules.price_rules import price_findings
from sends.rules.rulebook import OrderFinding, SendRules
from sends.rules.sponsor_rules import sponsor_findings
from sends.rules.voice import voice_findings
from terms.paris import day_in_paris

#: R-68: an order that reaches fewer contacts is refused and no number is told.
FLOOR = 200

#: R-69: a bureau under this number of votes cast, or with a share above this, reveals how people voted.
LEAST_VOTES, HIGHEST_SHARE = 100, 0.90

#: R-18, R-55: a feed of STOP replies that was silent for so long has lost some.
STOP_FEED_LIMIT = timedelta(hours=6)


@dataclass(frozen=True)
class AudienceFacts:
    """What is known of a whole audience, and no more.

    Attributes:
        contacts: how many may be reached.
        reveals_votes: whether a bureau chosen by its results reveals votes.
        unoffered: criteria, or attributes of a contact, that no column of `contacts` is offered for.
    """

    contacts: int
    reveals_votes: bool
    unoffered: tuple[str, ...]


def reveals_votes(votes_cast: int, top_share: float) -> bool:
    """Return whether a bureau's result tells how single people voted (R-69, policy)."""
    return votes_cast < LEAST_VOTES or top_share > HIGHEST_SHARE


def order_findings(
    context: Context, list_unit_cents: int, complaints: Iterable[Complaint], moment: datetime
) -> tuple[OrderFinding, ...]:
    """Return everything that an order itself gets when its first message leaves at an instant; nobody is counted.

    Args:
        context: the order and what it refers to.
        list_unit_cents: what the public list says for this message.
        complaints: about this campaign.
        moment: the instant of the first message; facts of later days are not known.
    """
    order, rules, on = context.order, context.rules, day_in_paris(moment)
    found = criteria_findings(order.audience, rules)
    found += _sign_off_findings(order, moment, rules)
    found += sponsor_findings(context.sponsor, context.election, order.round, on, rules)
    found += controller_document_findings(context.controller_documents, on, rules)
    if context.transparency_notice is not None:
        found += transparency_notice_findings(context.transparency_notice, moment, rules)
    found += complaint_findings(complaints, moment, rules)
    return found + price_findings(order.price, list_unit_cents, rules) + _message_findings(context, moment)


def criteria_findings(audience: Audience, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return the criteria that no order may use (R-14, R-22, R-66)."""
    found: tuple[OrderFinding, ...] = ()
    for criterion in audience.forbidden:
        found += rules.found(criterion.code, f"audience.{criterion.key}")
    return found


def audience_findings(audience: Audience, facts: AudienceFacts, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return what is wrong with a whole audience: too small (R-68), it reveals votes (R-69), it selects by what
    no column of a contact is offered for (R-22).

    Args:
        audience: the criteria.
        facts: what was counted of the audience.
        rules: effects and sentences.
    """
    found: tuple[OrderFinding, ...] = ()
    if facts.contacts < FLOOR:
        found += rules.found("SEGMENT_TOO_SMALL", "audience")
    if audience.bureau_vote is not None and facts.reveals_votes:
        found += rules.found("BUREAU_REVEALS_VOTE", "audience.bureau_vote")
    if facts.unoffered:
        found += rules.found("SPECIAL_CATEGORY_ATTRIBUTE", "contacts", f"{', '.join(sorted(facts.unoffered))}.")
    return found


def differencing_findings(differences: Iterable[int], rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return DIFFERENCING where an audience differs from another by somebody, but by fewer than the floor (R-68).

    Args:
        differences: how many contacts are in one of two audiences and not in both, for each pair; read up to the first that
            is too small.
        rules: effects and sentences.
    """
    return rules.found("DIFFERENCING", "audience") if any(0 < number < FLOOR for number in differences) else ()


def feed_findings(silent: timedelta, rules: SendRules) -> tuple[OrderFinding, ...]:
    """Return STOP_FEED_STALE where the feed of STOP replies has been silent for too long (R-18, R-55)."""
    return rules.found("STOP_FEED_STALE", "gateway") if silent >= STOP_FEED_LIMIT else ()


def _sign_off_findings(order: Order, moment: datetime, rules: SendRules) -> tuple[OrderFinding, ...]:
    if order.audience.bureau_vote is None or _is_signed(order.bureau_result_sign_off, moment):
        return ()
    return rules.found("BUREAU_RESULT_TARGETING", "sign_offs.bureau_result_targeting")


def _is_signed(sign_off: SignOff | None, moment: datetime) -> bool:
    return sign_off is not None and sign_off.signed_on <= day_in_paris(moment)


def _message_findings(context: Context, moment: datetime) -> tuple[OrderFinding, ...]:
    message, rules, on = context.order.message, context.rules, day_in_paris(moment)
    found = community_findings(message.landing_page_text, "message.landing_page_text", rules)
    if message.voice is not None:
        return found + voice_findings(message.voice, rules)
    if message.text is not None:
        found += community_findings(context.final_text, "message.text", rules)
        found += text_findings(context.final_text, context.sponsor, context.gateway, context.election, on, rules)
    if message.sender is not None:
        found += sender_findings(message.sender, context.gateway, rules)
    return found
