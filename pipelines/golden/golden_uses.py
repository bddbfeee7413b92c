"""Judging golden cases: consent and person by the base, the order and its instant by the rules of `sends`.

Both are joined as at hand-over: all codes, and the worst decision. Facts belong to `pipelines.golden.golden_base`,
typed orders to `pipelines.golden.golden_orders`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import duckdb
from sqlalchemy import Engine, create_engine

from consent.acts.access_requests import missing_lists
from consent.judgement.asking import judge
from pipelines.golden.golden_base import build_golden_base, contact_of, read_number
from pipelines.golden.golden_cases import Answer, GoldenCase
from pipelines.golden.golden_orders import (
    Shipped,
    bureaux_of,
    complaints_of,
    context_of,
    place_of,
    read_shipped,
    retention_job_of,
    sponsor_of_case,
    use_of,
)
from sends.orders.audience_criteria import Years
from sends.plans.exclusivity import Holding, reserve_bureaux
from sends.rules.bureau_changes import ReservedBureau, change_findings
from sends.rules.calendar import moment_findings, planned_end, window_findings
from sends.rules.context import Context
from sends.rules.invoice_rules import Addressee, InvoiceDetail, InvoiceStatement, invoice_findings
from sends.rules.order_rules import AudienceFacts, audience_findings, feed_findings, order_findings, reveals_votes
from sends.rules.retention import retention_findings
from sends.rules.rulebook import OrderFinding
from stores.engine import connect_read_only
from stores.operations.database import transaction
from stores.operations.plan_tables import bureau_holdings, bureau_reservations
from terms.errors import UsageError
from terms.paris import day_in_paris
from terms.reasons import Decision, Profile

#: How long a case's reservations last; none of them ends.
_HELD_FOR = timedelta(days=1)

_RANK = {decision.value: rank for rank, decision in enumerate(Decision)}


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


def judge_cases(cases: Sequence[GoldenCase], config: Path) -> list[JudgedCase]:
    """Judge all cases of a file, in its order.

    Args:
        cases: as read from a file.
        config: the configuration folder: rules of consent and of sends, calendar, gateway.

    Raises:
        FiliationError: a dbt model failed.
        UsageError: a file of the configuration is wrong.
    """
    shipped = read_shipped(config)
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
                    judged[case.case_id] = _judged(base, judged[case.case_id], index, shipped)
    return list(judged.values())


def _judged(base: duckdb.DuckDBPyConnection, asked: JudgedCase, index: int, shipped: Shipped) -> JudgedCase:
    """Judge one case; one whose facts no order could hold is told as not judged, so that the others still are."""
    try:
        answers = {profile: _answer(base, asked.case, index, profile, shipped) for profile in Profile}
    except UsageError as error:
        return replace(asked, case=replace(asked.case, not_judged=(str(error),)))
    return replace(asked, answers=answers)


def _answer(
    base: duckdb.DuckDBPyConnection, case: GoldenCase, index: int, profile: Profile, shipped: Shipped
) -> Answer:
    kind, on = case.facts["kind"], day_in_paris(case.moment)
    rules = shipped.rulebook.under(profile, on)
    if kind == "access_request":
        missing = missing_lists(case.facts["access_answer"]["lists"])
        return Answer("REFUSE", ("DSAR_INCOMPLETE",)) if missing else Answer("ALLOW", ())
    if kind == "retention":
        return _worst(retention_findings([retention_job_of(case)], on, rules))
    if kind == "invoice":
        told = case.facts["invoice"]
        invoice = InvoiceStatement(
            Addressee(told["addressed_to"]), frozenset(InvoiceDetail(name) for name in told["details"])
        )
        return _worst(invoice_findings(invoice, sponsor_of_case(case), on, rules))
    return _judge_send(base, case, index, context_of(case, profile, shipped))


def _worst(findings: Sequence[OrderFinding], decision: Decision = Decision.ALLOW, codes: Sequence[str] = ()) -> Answer:
    decisions = [decision.value, *(item.decision.value for item in findings)]
    return Answer(max(decisions, key=_RANK.__getitem__), tuple(sorted({*codes, *(item.code for item in findings)})))


def _judge_send(base: duckdb.DuckDBPyConnection, case: GoldenCase, index: int, context: Context) -> Answer:
    base.execute("create or replace temp table asked as select $id::uuid as contact_id", {"id": contact_of(index)})
    (person,) = judge(base, "asked", "live_facts", use_of(case, context))
    return _worst(send_findings(case, context), person.decision, person.codes)


def send_findings(case: GoldenCase, context: Context) -> tuple[OrderFinding, ...]:
    """Return what the rules of `sends` find, as a plan asks them and as a hand-over does."""
    facts, order, rules, moment = case.facts, context.order, context.rules, case.moment
    audience = AudienceFacts(
        contacts=facts["segment"]["contacts"],
        reveals_votes=reveals_votes(facts["bureau"]["votes_cast"], facts["bureau"]["top_share"]),
        unoffered=tuple(facts["contact"]["attributes"]),
    )
    found = order_findings(context, facts["price"]["list_unit_cents"], complaints_of(case), moment)
    found += audience_findings(order.audience, audience, rules)
    found += moment_findings(moment, place_of(case), context.timing)
    found += feed_findings(timedelta(seconds=facts["gateway"]["stop_feed_silent_seconds"]), rules)
    if facts["kind"] == "plan":
        last = planned_end(moment, audience.contacts, context.rate_per_second)
        found += window_findings(moment, last, last, rules)
    return found + _exclusivity(case, context)


def _exclusivity(case: GoldenCase, context: Context) -> tuple[OrderFinding, ...]:
    """Reserve in a database of the case's own, with production's keys, what others hold and then what the order wants."""
    bureaux, rules = bureaux_of(case, context.order), context.rules
    if not bureaux:
        return ()
    engine = create_engine("sqlite://")
    for table in (bureau_reservations, bureau_holdings):
        table.create(engine)
    for told in case.facts["exclusivity"]["reservations"]:
        holding = Holding(told["election"], told["round"], told["sponsor_id"], "held", case.moment + _HELD_FOR)
        age = None if told["age"] is None else Years(told["age"]["min"], told["age"]["max"])
        _reserve(engine, holding, told["bureau_map"], frozenset({told["bureau_code"]}), age)
    taken = frozenset[str]()
    for sponsor_id in _orderers(case):
        order = context.order
        holding = Holding(order.election, order.round, sponsor_id, "wanted", case.moment + _HELD_FOR)
        taken = _reserve(engine, holding, context.election.bureau_map, bureaux, order.reserve)
    engine.dispose()
    return (rules.found("EXCLUSIVITY", "audience") if taken else ()) + _changes(case, context, bureaux)


def _orderers(case: GoldenCase) -> tuple[str, ...]:
    """Return who reserves, in order of commit; the last one is judged. Without a race it is the case's sponsor alone."""
    race = case.facts["race"]
    if case.facts["kind"] != "race":
        return (case.facts["sponsor"]["sponsor_id"],)
    return tuple(race["sponsors"]) if race["judged"] == "second" else (race["sponsors"][0],)


def _reserve(
    engine: Engine, holding: Holding, bureau_map: str, bureaux: frozenset[str], part: Years | None
) -> frozenset[str]:
    with transaction(engine) as work:
        return reserve_bureaux(work, holding, bureau_map, bureaux, part, holding.expires_at - _HELD_FOR)


def _changes(case: GoldenCase, context: Context, bureaux: frozenset[str]) -> tuple[OrderFinding, ...]:
    order, on = context.order, day_in_paris(case.moment)
    held = [
        ReservedBureau(told["bureau_code"], None)
        for told in case.facts["exclusivity"]["reservations"]
        if (told["election"], told["round"]) == (order.election, order.round) and told["bureau_code"] in bureaux
    ]
    return change_findings(held, context.bureau_changes, (), on, context.rules)
