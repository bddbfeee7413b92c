"""The order of a golden case as the typed records of production: what `campaign plan` reads from its files.

Nothing is judged here: `pipelines.golden.golden_uses` asks the rules of `sends` with these records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from consent.judgement.uses import Use
from pipelines.golden.golden_base import read_number, sponsor_of
from pipelines.golden.golden_cases import Facts, GoldenCase
from sends.gateways.settings import GatewaySettings, read_gateway
from sends.orders.audience_criteria import Years
from sends.orders.elections import Election, ElectionType, Round
from sends.orders.order import AgreedPrice, Message, Order, VoiceMessage
from sends.orders.order_file import parse_order
from sends.orders.price import PriceList
from sends.orders.sponsors import Payer, PayerKind, Sponsor, SponsorKind
from sends.rules.bureau_changes import BureauChange, BureauChangeKind
from sends.rules.calendar import Calendar, Place, read_calendar
from sends.rules.context import Context
from sends.rules.controller_documents import Complaint, ControllerDocuments, TransparencyNoticeFacts
from sends.rules.retention import Operation, Record, RecordField, RetentionJob
from sends.rules.rulebook import SendRulebook, read_rulebook
from terms.environment import NumberRules
from terms.errors import UsageError
from terms.paris import day_in_paris
from terms.reasons import Channel, Profile

#: An order needs a length of its window; no case depends on it.
_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Shipped:
    """What of the configuration the rules need and no case types, read once."""

    rulebook: SendRulebook
    calendar: Calendar
    gateway: GatewaySettings


def read_shipped(config: Path) -> Shipped:
    """Read rules, calendar and gateway of a configuration folder.

    Raises:
        UsageError: a file is wrong.
    """
    return Shipped(
        read_rulebook(config / "rules" / "orders"),
        read_calendar(config / "calendar"),
        read_gateway(config / "gateways", "simulator"),
    )


def context_of(case: GoldenCase, profile: Profile, shipped: Shipped) -> Context:
    """Return the order of a case with everything that it refers to.

    Args:
        case: the golden case.
        profile: reading of the disputed law that judges it.
        shipped: rules, calendar and gateway of the configuration.

    Raises:
        UsageError: its election is none of the case's, or a field holds what no order file could.
    """
    facts = case.facts
    elections = {name: _election(name, told) for name, told in facts["elections"].items()}
    if facts["order"]["election"] not in elections:
        raise UsageError(f"{case.case_id}: order.election is none of elections.", "Add it, or name one that is there.")
    clocks = {zone: told["timezone"] for zone, told in facts["territories"].items()}
    return Context(
        order=_order(case, profile),
        election=elections[facts["order"]["election"]],
        elections=elections,
        sponsor=_sponsor(facts["sponsor"]),
        gateway=_gateway(facts["gateway"], shipped.gateway, facts["order"]["rate_per_second"]),
        controller_documents=ControllerDocuments(
            date.fromisoformat(facts["controller"]["targeting_policy_on"]),
            date.fromisoformat(facts["controller"]["risk_assessment_on"]),
        ),
        transparency_notice=_transparency_notice(facts["ttpa_notice"]),
        bureau_changes=bureau_changes_of(case),
        prices=PriceList("case", date.min, {}, {}),
        calendar=replace(shipped.calendar, clocks={**shipped.calendar.clocks, **clocks}),
        rules=shipped.rulebook.under(profile, day_in_paris(case.moment)),
    )


def use_of(case: GoldenCase, context: Context) -> Use:
    """Return the use that a case's order makes of its contact."""
    order = context.order
    return Use(
        channel=order.channel,
        sponsor_id=sponsor_of(case),
        criteria_kinds=tuple(sorted(kind.value for kind in order.judged_kinds())),
        eligible_on=context.election.eligible_on(order.round),
        number_rules=NumberRules.LIVE,
        profile=order.profile,
        moment=case.moment,
        known_by=case.moment,
    )


def place_of(case: GoldenCase) -> Place:
    """Return where the case's contact is for the calendar."""
    contact = case.facts["contact"]
    territory, zone = contact["territory"], read_number(case).zone
    zones = frozenset(name for name in (territory, zone) if name is not None)
    return Place(
        zones=zones or frozenset({"metropole"}),
        is_territory_known=territory is not None,
        constituency=contact["constituency"],
        departement=_departement(contact["bureau_code"]),
    )


def complaints_of(case: GoldenCase) -> tuple[Complaint, ...]:
    """Return the complaints about the case's ad."""
    return tuple(
        Complaint(datetime.fromisoformat(told["received_at"]), _instant(told["answered_at"]))
        for told in case.facts["complaints"]
    )


def bureaux_of(case: GoldenCase, order: Order) -> frozenset[str]:
    """Return the bureaux that the case's order reserves: the contact's, which is in the audience, and those named."""
    if not order.is_selection:
        return frozenset()
    named = frozenset(order.audience.bureaux or ()) | {case.facts["contact"]["bureau_code"]}
    excluded = order.audience.exclude.bureaux if order.audience.exclude else ()
    return frozenset(code for code in named if code is not None) - frozenset(excluded)


def bureau_changes_of(case: GoldenCase) -> tuple[BureauChange, ...]:
    """Return what became of bureaux since they were reserved."""
    return tuple(
        BureauChange(told["bureau_code"], BureauChangeKind(told["kind"]), date.fromisoformat(told["known_on"]))
        for told in case.facts["exclusivity"]["bureau_changes"]
    )


def retention_job_of(case: GoldenCase) -> RetentionJob:
    """Return the job of a case of kind `retention`."""
    told = case.facts["retention"]
    return RetentionJob(
        Operation(told["operation"]),
        Record(told["record"]),
        date.fromisoformat(told["last_published_on"]),
        frozenset(RecordField(name) for name in told["fields"]),
    )


def sponsor_of_case(case: GoldenCase) -> Sponsor:
    """Return the sponsor of a case."""
    return _sponsor(case.facts["sponsor"])


def _departement(bureau_code: str | None) -> str | None:
    if bureau_code is None:
        return None
    return bureau_code[:3] if bureau_code.startswith(("97", "98")) else bureau_code[:2]


def _order(case: GoldenCase, profile: Profile) -> Order:
    """Read the case's order as an order file, then give it what no file could hold: any message, any part of a bureau."""
    told = case.facts["order"]
    file = {
        **{name: told[name] for name in ("campaign_id", "kind", "election", "round", "channel")},
        **{name: told[name] for name in ("rate_per_second", "validity_minutes", "sign_offs")},
        "sponsor": case.facts["sponsor"]["sponsor_id"],
        "gateway": case.facts["gateway"]["name"],
        "profile": profile.value,
        "voice_mode": (told["voice_mode"] or "prerecorded") if told["channel"] == "voice" else None,
        "audience": _filled(told["audience"]),
        "max_messages": max(1, case.facts["segment"]["contacts"]) if told["kind"] == "invitation" else None,
        "window": {"from": case.moment.isoformat(), "to": (case.moment + _WINDOW).isoformat()},
        "message": {"sender": "X", "text": "x"}
        | ({"audio": "x", "caller_id": "+33000000", "objection_at_seconds": 0} if told["channel"] == "voice" else {}),
    }
    order = parse_order(json.dumps(file), case.case_id)
    reserve = _years((told["reserve"] or {}).get("age"))
    return replace(order, message=_message(case.facts["message"], order.channel), reserve=reserve, price=_price(case))


def _filled(audience: Facts) -> dict[str, object]:
    """Return the criteria that are none the less: null, empty and open on both sides are no criterion."""
    return {key: value for key, value in ((key, _some(value)) for key, value in audience.items()) if value is not None}


def _some(value: object) -> object:
    if not isinstance(value, Mapping):
        return value if value != [] else None
    inner = {key: _some(item) for key, item in value.items()}
    kept = {key: item for key, item in inner.items() if item is not None}
    return kept or None


def _years(told: Facts | None) -> Years | None:
    return None if told is None else Years(told["min"], told["max"])


def _message(told: Facts, channel: Channel) -> Message:
    is_voice = channel is Channel.VOICE
    return Message(
        sender=None if is_voice else told["sender"],
        text=None if is_voice else told["text"],
        landing_page_text=told["landing_page_text"],
        has_new_accusation=told["has_new_accusation"],
        voice=VoiceMessage(**told["voice"]) if is_voice else None,
    )


def _price(case: GoldenCase) -> AgreedPrice:
    told = case.facts["price"]
    return AgreedPrice(told["order_unit_cents"], told["discount_open_to_all"], told["free_messages"])


def _transparency_notice(told: Facts) -> TransparencyNoticeFacts:
    return TransparencyNoticeFacts(_instant(told["published_at"]), frozenset(told["items"]))


def _gateway(told: Facts, shipped: GatewaySettings, rate_per_second: int) -> GatewaySettings:
    """Return the shipped gateway with what the case says; it is as fast as the order asks."""
    return replace(
        shipped,
        rate_per_second=rate_per_second,
        stop_short_code=told["stop_short_code"],
        stop_short_code_in_service=told["stop_short_code_in_service"],
        generic_senders=frozenset(told["generic_senders"]),
        protected_senders=frozenset(told["protected_senders"]),
        sender_authorisations=frozenset(told["sender_authorisations"]),
    )


def _election(name: str, told: Facts) -> Election:
    rounds = [
        Round(
            number=item["round"],
            polling_on=date.fromisoformat(item["polling_on"]),
            saturday_polling_on=_day(item["saturday_polling_on"]),
            blackout_ends_at=datetime.fromisoformat(item["blackout_ends_at"]),
        )
        for item in told["rounds"]
    ]
    constituencies = told["constituencies"]
    return Election(
        election_id=name,
        type=ElectionType(told["type"]),
        label=name,
        bureau_map=told["bureau_map"],
        constituencies=None if constituencies is None else frozenset(constituencies),
        campaign_from=date.fromisoformat(told["campaign_period"]["from"]),
        campaign_to=date.fromisoformat(told["campaign_period"]["to"]),
        saturday_zones=frozenset(told["saturday_territories"]),
        rounds={item.number: item for item in rounds},
    )


def _sponsor(told: Facts) -> Sponsor:
    days = {name: _day(told[name]) for name in ("declaration_signed_on", "mandataire_declared_on")}
    payer = Payer(told["payer"]["name"], PayerKind(told["payer"]["kind"]), told["payer"]["established_in"])
    return Sponsor(**{**told, **days, "kind": SponsorKind(told["kind"]), "payer": payer})


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
