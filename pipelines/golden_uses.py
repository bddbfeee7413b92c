"""Judging golden cases: consent and person by the base, calendar, text and sponsor by the rules of `sends`.

The two meet as at hand-over (house.md, "Judge a use"): all codes, the worst decision. Facts belong to `golden_base`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from consent.access_requests import missing_lists
from consent.judgement import Use, judge
from pipelines.golden_base import build_golden_base, contact_of, read_number, sponsor_of
from pipelines.golden_cases import Answer, Facts, GoldenCase
from sends.calendar import PARIS, Calendar, Place, Timing, moment_findings, read_calendar
from sends.elections import Election, ElectionType, Round
from sends.findings import Finding, SendRules, read_send_rules
from sends.gateways.settings import GatewaySettings, read_gateway
from sends.message import sender_findings, text_findings
from sends.sponsors import Payer, PayerKind, Sponsor, SponsorKind, sponsor_findings
from stores.engine import connect_read_only
from terms.environment import NumberRules
from terms.reasons import Channel, Decision, Profile

_RANK = {decision.value: rank for rank, decision in enumerate(Decision)}

#: By what a criterion selects (rules README 4, TARGETING_NOT_CONSENTED).
_KIND_OF = {
    **dict.fromkeys(("bureaux", "iris", "communes", "departements"), "address"),
    **{"sex": "sex", "age": "age", "bureau_vote": "area_results", "iris_income": "area_income"},
}


@dataclass(frozen=True)
class JudgedCase:
    """What production's rules say of a case; `answers` is empty where it is not judged."""

    case: GoldenCase
    number_e164: str | None
    answers: Mapping[Profile, Answer]

    @property
    def is_passed(self) -> bool | None:
        """Return whether all is as expected; None where the case is not judged."""
        if not self.answers:
            return None
        number = self.case.expected_number
        return dict(self.answers) == dict(self.case.expected) and number in (None, self.number_e164)


@dataclass(frozen=True)
class _Config:
    """What of the configuration the rules of `sends` need, read once."""

    rules: Mapping[Profile, SendRules]
    calendar: Calendar
    gateway: GatewaySettings


def _read_config(config: Path) -> _Config:
    return _Config(
        {profile: read_send_rules(config / "send_rules.yaml", profile) for profile in Profile},
        read_calendar(config / "calendar"),
        read_gateway(config / "gateways", "simulator"),
    )


def judge_cases(cases: Sequence[GoldenCase], config: Path) -> list[JudgedCase]:
    """Judge all cases of a file, in its order.

    Args:
        cases: as read from a file.
        config: the configuration folder: rules of consent and of sends, calendar, gateway.

    Raises:
        FiliationError: a dbt model failed.
        UsageError: a file of the configuration is wrong.
    """
    shipped = _read_config(config)
    judged = {case.case_id: JudgedCase(case, read_number(case).e164, {}) for case in cases}
    controllers: dict[str, list[GoldenCase]] = {}
    for case in cases:
        if not case.not_judged:
            controllers.setdefault(case.facts["controller"]["legal_name"], []).append(case)
    for group in controllers.values():
        with tempfile.TemporaryDirectory(prefix="filiation-golden-") as folder:
            path = build_golden_base(Path(folder), group, config / "rules")
            with connect_read_only(path) as base:
                for index, case in enumerate(group):
                    judged[case.case_id] = replace(judged[case.case_id], answers=_answers(base, case, index, shipped))
    return list(judged.values())


def _answers(base: duckdb.DuckDBPyConnection, case: GoldenCase, index: int, config: _Config) -> dict[Profile, Answer]:
    if case.facts["kind"] == "access_request":
        missing = missing_lists(case.facts["access_answer"]["lists"])
        answer = Answer("REFUSE", ("DSAR_INCOMPLETE",)) if missing else Answer("ALLOW", ())
        return dict.fromkeys(Profile, answer)
    base.execute("create or replace temp table asked as select $id::uuid as contact_id", {"id": contact_of(index)})
    return {profile: _judge_send(base, case, profile, config) for profile in Profile}


def _judge_send(base: duckdb.DuckDBPyConnection, case: GoldenCase, profile: Profile, config: _Config) -> Answer:
    (person,) = judge(base, "asked", "live_facts", use_of(case, profile))
    found = [(person.decision.value, code) for code in person.codes]
    found += [(finding.decision.value, finding.code) for finding in _send_findings(case, profile, config)]
    decisions = [person.decision.value, *(decision for decision, _ in found)]
    return Answer(max(decisions, key=_RANK.__getitem__), tuple(sorted({code for _, code in found})))


def use_of(case: GoldenCase, profile: Profile) -> Use:
    """Return the use that a case's order makes of its contact."""
    order = case.facts["order"]
    election = _election(order["election"], case.facts["elections"][order["election"]])
    kinds = {_KIND_OF[key] for key in _criteria(order["audience"])}
    if order["kind"] == "selected" and not kinds:
        kinds = {"address"}
    return Use(
        channel=Channel(order["channel"]),
        sponsor_id=sponsor_of(case),
        criteria_kinds=tuple(sorted(kinds)),
        eligible_on=election.eligible_on(order["round"]),
        number_rules=NumberRules.LIVE,
        profile=profile,
        moment=case.moment,
        known_by=case.moment,
    )


def _criteria(audience: Facts) -> list[str]:
    own = [key for key, value in audience.items() if key != "exclude" and value is not None]
    excluded = audience.get("exclude") or {}
    return own + [key for key, value in excluded.items() if value is not None]


def _send_findings(case: GoldenCase, profile: Profile, config: _Config) -> list[Finding]:
    """Return what the rules of `sends` find: calendar, sponsor's papers, and for an SMS its text and sender."""
    facts, order = case.facts, case.facts["order"]
    rules = config.rules[profile]
    elections = {name: _election(name, told) for name, told in facts["elections"].items()}
    timing = Timing(
        calendar=config.calendar,
        elections=tuple(elections.values()),
        rules=rules,
        channel=Channel(order["channel"]),
        validity=timedelta(minutes=order["validity_minutes"]),
    )
    on = case.moment.astimezone(PARIS).date()
    sponsor = _sponsor(facts["sponsor"])
    found = [*moment_findings(case.moment, _place(case), timing), *sponsor_findings(sponsor, order["round"], on, rules)]
    if order["channel"] == "sms":
        gateway = _gateway(facts["gateway"], config.gateway)
        text, sender = facts["message"]["text"], facts["message"]["sender"]
        found += text_findings(text, sponsor, gateway, elections[order["election"]], on, rules)
        found += sender_findings(sender, gateway, rules)
    return found


def _gateway(told: Facts, shipped: GatewaySettings) -> GatewaySettings:
    return replace(
        shipped,
        stop_short_code=told["stop_short_code"],
        stop_short_code_in_service=told["stop_short_code_in_service"],
        generic_senders=frozenset(told["generic_senders"]),
        protected_senders=frozenset(told["protected_senders"]),
        sender_authorisations=frozenset(told["sender_authorisations"]),
    )


def _place(case: GoldenCase) -> Place:
    territory, zone = case.facts["contact"]["territory"], read_number(case).zone
    zones = frozenset(name for name in (territory, zone) if name is not None)
    return Place(zones or frozenset({"metropole"}), territory is not None)


def _election(name: str, told: Facts) -> Election:
    rounds = [
        Round(
            item["round"],
            date.fromisoformat(item["polling_on"]),
            _day(item["saturday_polling_on"]),
            datetime.fromisoformat(item["blackout_ends_at"]),
        )
        for item in told["rounds"]
    ]
    return Election(
        election_id=name,
        type=ElectionType(told["type"]),
        label=name,
        bureau_map=told["bureau_map"],
        constituencies=None,
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
