"""Planning a campaign: the steps in their order, from an order file to a plan in the ledger, or a refusal with all findings.

A refused order leaves nothing behind. The steps themselves belong to other modules: the audience to
`sends.plans.frozen_audience`, rules to `sends.rules`, reserving to `sends.plans.exclusivity`, writing to
`sends.plans.campaign_plan`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from sqlalchemy import Connection, select

from sends.orders.order_file import read_order
from sends.plans.audience import revealing_bureaux, selection_of, unoffered_criteria
from sends.plans.campaign_plan import CHUNK, CampaignPlan, Draft, write_messages, write_plan
from sends.plans.exclusivity import (
    Holding,
    conflict_words,
    drop_expired,
    free_ages,
    reserve_bureaux,
    reserve_contacts,
)
from sends.plans.frozen_audience import (
    bureaux_to_reserve,
    count_contacts,
    count_excluded,
    count_excluded_by_code,
    freeze_audience,
    read_sources,
)
from sends.plans.judging import judged_at, rule_set_of
from sends.plans.texts import longest, text_for, texts_for
from sends.plans.told_audiences import audiences_of, check_differencing, remember
from sends.plans.transparency_notice import publish_transparency_notice, untold_findings
from sends.rules.bureau_changes import ReservedBureau, change_findings, read_map_changes, reserved_bureaux
from sends.rules.calendar import first_open, planned_end, span_findings
from sends.rules.context import Context, read_context
from sends.rules.controller_documents import complaints_about
from sends.rules.order_rules import AudienceFacts, audience_findings, order_findings
from sends.rules.rulebook import OrderFinding, OrderRefused, refuses
from staff.acting import check_may_plan
from staff.signed_configuration import Part, require_signed
from stores.all_stores import Stores
from stores.operations.database import transaction
from stores.operations.plan_tables import plans
from stores.sql_files import sql_of
from stores.warehouse.warehouse import read_manifest
from terms.clock import to_iso, to_micros
from terms.errors import Refused
from terms.identifiers import PlanId, digest
from terms.paris import day_in_paris

#: How long a plan keeps its parts without an approval.
RESERVED_FOR = timedelta(hours=72)


class PlanRefused(OrderRefused):
    """The order was refused by a rule: no plan was written, nothing is reserved."""


def plan_campaign(stores: Stores, path: Path) -> CampaignPlan:
    """Check an order against all rules, freeze its audience, reserve it for 72 hours and price it.

    Raises:
        DocumentInvalid: the file has a wrong field.
        PlanRefused: a rule refuses; all findings are told at once, and no number of people.
        Refused: the person may not plan, rules or prices are not signed, no base is published, or the campaign has a
            living plan already.
    """
    order, now = read_order(path), stores.clock.now()
    check_may_plan(stores)
    require_signed(stores, Part.RULES, Part.PRICES)
    context = read_context(stores.settings.config, order)
    found = _check_order(stores, context, now)
    if order.audience.forbidden:
        raise PlanRefused(order.campaign_id, found)  # such an order is not even counted
    with stores.warehouse.open_base() as base:
        draft = _draft(base, stores, context, now)
        found += _check_calendar(context, draft)
        found += _check_audience(base, context, draft)
        found += _check_differencing(base, stores, context)
        with transaction(stores.engine) as work:
            holding = Holding(order.election, order.round, order.sponsor, draft.answer.plan_id, now + RESERVED_FOR)
            drop_expired(work, now)
            _refuse_second_plan(work, order.campaign_id)
            found += _check_changed_bureaux(work, context, draft, now)
            found += _reserve_bureaux(work, context, holding, draft, now)
            if refuses(found):
                raise PlanRefused(order.campaign_id, found)
            answer = replace(draft.answer, findings=found)
            _write(work, stores, context, draft, answer, now)
            write_messages(work, base, draft, now)
            publish_transparency_notice(work, stores, answer.plan_id, context, now)
            _reserve_contacts(work, base, holding)
            remember(work, order.sponsor, audiences_of(context), now)
    return answer


def _check_order(stores: Stores, context: Context, now: datetime) -> tuple[OrderFinding, ...]:
    """Return what the rules say of the order itself, and whether its window is over; nobody is counted."""
    order = context.order
    with stores.engine.connect() as reading:
        complaints = complaints_about(reading, order.campaign_id)
    begins = judged_at(order, now)
    found = order_findings(context, context.quote.list_unit_cents, complaints, begins)
    found += untold_findings(stores, context, begins)
    if order.window_to <= now:
        found += context.rules.found("WINDOW_PAST", "window", f"It ended at {to_iso(order.window_to)}.")
    return found


def _draft(base: duckdb.DuckDBPyConnection, stores: Stores, context: Context, now: datetime) -> Draft:
    """Freeze the audience, and return the plan that it gives: how many, when, at what price."""
    order, version = context.order, read_manifest(base).version
    plan_id = PlanId(digest(order.campaign_id, order.sha256, version, str(to_micros(now)))[:16])
    places = freeze_audience(base, stores, context, plan_id, now)
    begins, contacts, bureau_codes = judged_at(order, now), count_contacts(base), bureaux_to_reserve(base, context)
    starts_at = first_open(places[0], begins, order.window_to, context.timing) or begins
    texts = texts_for(context, read_sources(base)) or {None: text_for(context, None)}
    quote = longest(context, texts.values())
    answer = CampaignPlan(
        plan_id=plan_id,
        campaign_id=order.campaign_id,
        contacts=contacts,
        excluded=count_excluded(base),
        excluded_by_code=count_excluded_by_code(base),
        bureaux=len(bureau_codes),
        parts_per_message=quote.parts,
        seconds_per_message=quote.seconds,
        costly_characters=quote.costly_characters,
        unit_price_cents=quote.unit_price_cents,
        total_cents=quote.total_cents(contacts),
        price_list=quote.price_list,
        starts_at=starts_at,
        ends_at=planned_end(starts_at, contacts, context.rate_per_second),
        base_version=version,
    )
    return Draft(
        answer=answer,
        rule_set_sha256=rule_set_of(base, context),
        bureau_codes=bureau_codes,
        map_changes=read_map_changes(base, context.election.bureau_map, bureau_codes),
        texts=texts,
        places=places,
        judged_at=begins,
    )


def _check_calendar(context: Context, draft: Draft) -> tuple[OrderFinding, ...]:
    answer = draft.answer
    return span_findings(
        draft.places, draft.judged_at, answer.starts_at, answer.ends_at, context.order.window_to, context.timing
    )


def _check_audience(base: duckdb.DuckDBPyConnection, context: Context, draft: Draft) -> tuple[OrderFinding, ...]:
    vote = context.order.audience.bureau_vote
    facts = AudienceFacts(
        contacts=draft.answer.contacts,
        reveals_votes=vote is not None and revealing_bureaux(base, vote) > 0,
        unoffered=unoffered_criteria(base, context.order.audience),
    )
    return audience_findings(context.order.audience, facts, context.rules)


def _check_differencing(base: duckdb.DuckDBPyConnection, stores: Stores, context: Context) -> tuple[OrderFinding, ...]:
    """Return whether the audience gives away the few by whom it differs from an earlier one of the sponsor."""
    on = selection_of(context).on
    with stores.engine.connect() as reading:
        return check_differencing(base, reading, context.order.sponsor, audiences_of(context), on, context.rules)


def _refuse_second_plan(work: Connection, campaign_id: str) -> None:
    living = select(plans.c.plan_id).where(
        plans.c.campaign_id == campaign_id, plans.c.state.in_(("planned", "approved"))
    )
    found = work.execute(living).scalar()
    if found is not None:
        raise Refused(
            f"{campaign_id} has the plan {found} already.",
            f"Run `filiation campaign release {found}` before a new one.",
        )


def _check_changed_bureaux(work: Connection, context: Context, draft: Draft, now: datetime) -> tuple[OrderFinding, ...]:
    """Return whether a bureau of the order, or an older one that lies in it now, changed since somebody reserved it.

    What this plan itself reserves is reserved on the election's map, which a newer map may have overtaken already.
    """
    order, today = context.order, day_in_paris(now)
    touched = {*draft.bureau_codes, *(change.bureau_code for change in draft.map_changes)}
    held = reserved_bureaux(work, order.election, order.round, touched, now)
    of_order = [item for item in held if item.bureau_code in draft.bureau_codes]
    found = change_findings(of_order, context.bureau_changes, (), today, context.rules)
    if found:
        return found
    ours = [ReservedBureau(code, today, context.election.bureau_map) for code in draft.bureau_codes]
    return change_findings([*held, *ours], (), draft.map_changes, today, context.rules)


def _reserve_bureaux(
    work: Connection, context: Context, holding: Holding, draft: Draft, now: datetime
) -> tuple[OrderFinding, ...]:
    """Reserve the bureaux; where another sponsor holds some, return what is free, and nothing about who holds the rest."""
    order, codes = context.order, draft.bureau_codes
    taken = reserve_bureaux(work, holding, context.election.bureau_map, codes, order.reserve, now)
    if not taken:
        return ()
    words = conflict_words(codes, taken, free_ages(work, holding, codes, order.reserve))
    return context.rules.found("EXCLUSIVITY", "audience", words)


def _write(
    work: Connection, stores: Stores, context: Context, draft: Draft, answer: CampaignPlan, now: datetime
) -> None:
    """Write the plan; where another planner was faster by an instant, the key of the database says so."""
    if not write_plan(work, context, draft, answer, stores.settings.actor, now):
        _refuse_second_plan(work, answer.campaign_id)
        raise Refused(f"{answer.campaign_id} was planned at this very moment.", "Plan again.")


def _reserve_contacts(work: Connection, base: duckdb.DuckDBPyConnection, holding: Holding) -> None:
    rows = base.execute(sql_of(__file__, "who_is_reserved"))
    while some := rows.fetchmany(CHUNK):
        if reserve_contacts(work, holding, [row[0] for row in some]):
            raise Refused("Another sponsor reserved some of these contacts at this very moment.", "Plan again.")
