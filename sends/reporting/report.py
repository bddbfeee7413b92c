"""The report of a campaign for its sponsor and the accounts: what was ordered, sent and invoiced, without any small count.

Area, outcomes and invoice are gathered by `sends.reporting.area`, `sends.reporting.outcomes` and `sends.reporting.invoice`; how
the page looks belongs to `pages`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import ColumnElement, Connection, Row, select

from pages.plots import bars, lines
from sends.ledger.plan_rows import PlanRow, find_plan, findings_of
from sends.plans.approval import context_of
from sends.plans.transparency_notice import TransparencyNotice, kept_transparency_notices
from sends.reporting.area import Area, area_of
from sends.reporting.invoice import Invoice
from sends.reporting.outcomes import MessageOutcomes, outcomes_of
from sends.rules.context import Context
from sends.rules.invoice_rules import invoice_findings
from sends.rules.order_rules import FLOOR
from sends.rules.rulebook import OrderFinding
from sends.rules.small_counts import count_words, told_counts
from stores.all_stores import Stores
from stores.operations.plan_tables import approvals, plan_lifts, plans
from terms.clock import from_micros, to_iso
from terms.paris import day_in_paris


@dataclass(frozen=True)
class Lift:
    """A HOLD that a person answered for."""

    code: str
    lifted_at: datetime
    why: str


@dataclass(frozen=True)
class CampaignReport:
    """A plan from order to invoice. `excluded` = who was left out at plan, each once, None where hidden; cents."""

    plan: PlanRow
    context: Context
    made_at: datetime
    approved_at: datetime | None
    lifts: tuple[Lift, ...]
    parts_per_message: int
    unit_price_cents: int
    total_cents: int
    price_list: str
    excluded: Mapping[str, int | None]
    area: Area
    outcomes: MessageOutcomes
    invoice: Invoice
    transparency_notices: tuple[TransparencyNotice, ...]

    @property
    def invoice_findings(self) -> tuple[OrderFinding, ...]:
        """Return what keeps the invoice back on the day (Paris) of the report."""
        context, on = self.context, day_in_paris(self.made_at)
        return invoice_findings(self.invoice.statement(), context.sponsor, on, context.rules)

    @property
    def transparency_notice(self) -> TransparencyNotice | None:
        """Return the newest transparency notice; None for a plan that is older than those and was not asked for one."""
        return self.transparency_notices[-1] if self.transparency_notices else None

    @property
    def floor(self) -> int:
        """Return under which counts are hidden."""
        return FLOOR

    @property
    def planned_at(self) -> datetime:
        """Return when it was planned."""
        return from_micros(self.plan.planned_at)

    @property
    def message_copy(self) -> str:
        """Return what every phone was shown, or the audio that was played."""
        voice = self.context.order.message.voice
        return self.context.final_text if voice is None else voice.audio

    @property
    def is_same_message(self) -> bool:
        """Return whether the message is still the planned one (a gateway's STOP line may have changed since)."""
        return self.context.message_sha256 == self.plan.message_sha256

    @property
    def findings(self) -> list[dict[str, str]]:
        """Return what the rules said at plan."""
        return findings_of(self.plan)

    def count_words(self, number: int | None) -> str:
        """Return a count that may be hidden in words."""
        return count_words(number)

    def curve_plot(self) -> Markup | None:
        """Draw the delivery curve."""
        plot = self.outcomes.curve()
        return None if plot is None else lines(plot)

    def failure_plot(self) -> Markup | None:
        """Draw the reasons of failure."""
        plot = self.outcomes.failure_plot()
        return None if plot is None else bars(plot)

    def to_json(self) -> dict[str, object]:
        """Return the report as the command prints it; null = hidden."""
        order = self.context.order
        return {
            "plan_id": self.plan.plan_id,
            "campaign_id": self.plan.campaign_id,
            "kind": order.kind.value,
            "sponsor": self.context.sponsor.legal_name,
            "election": order.election,
            "round": order.round,
            "state": self.plan.state,
            "planned_at": to_iso(self.planned_at),
            "approved_at": None if self.approved_at is None else to_iso(self.approved_at),
            "window": {"from": to_iso(self.plan.opens_at), "to": to_iso(self.plan.closes_at)},
            "message": {"sender": order.message.sender, "text": self.message_copy, "sha256": self.plan.message_sha256},
            "area": {
                "criteria": list(self.area.criteria),
                "bureaux": self.area.bureaux,
                "departements": dict(self.area.departements),
                "communes": dict(self.area.communes),
            },
            "planned": self.plan.contacts,
            "states": dict(self.outcomes.states),
            "failures": dict(self.outcomes.failures),
            "excluded_at_plan": dict(self.excluded),
            "curve": [
                {"at": to_iso(at), "handed_over_percent": handed, "delivered_percent": delivered}
                for at, handed, delivered in (self.outcomes.points if self.curve_is_told else ())
            ],
            "parts_per_message": self.parts_per_message,
            "unit_price_cents": self.unit_price_cents,
            "quoted_total_cents": self.total_cents,
            "price_list": self.price_list,
            "invoice": self.invoice.to_json(),
            "invoice_findings": [finding.to_json() for finding in self.invoice_findings],
            "transparency_notice": None if self.transparency_notice is None else self.transparency_notice.to_json(),
        }

    @property
    def curve_is_told(self) -> bool:
        """Return whether the curve may be shown."""
        return self.outcomes.curve() is not None


def campaign_report(stores: Stores, plan_id: str) -> CampaignReport:
    """Return the report of a plan, with what is known now.

    Raises:
        UsageError: there is no such plan, or its configuration cannot be read.
    """
    with stores.engine.connect() as work:
        plan = find_plan(work, plan_id)
        context = context_of(stores, plan)
        priced = _priced(work, plan_id)
        area, outcomes = area_of(work, plan_id, context.order), outcomes_of(work, plan_id, plan.contacts)
        of_plan: ColumnElement[bool] = approvals.c.plan_id == plan_id
        approved: int | None = work.execute(select(approvals.c.approved_at).where(of_plan)).scalar()
        lifts, notices = _lifts(work, plan_id), kept_transparency_notices(work, plan_id)
    return CampaignReport(
        plan=plan,
        context=context,
        made_at=stores.clock.now(),
        approved_at=None if approved is None else from_micros(approved),
        lifts=lifts,
        parts_per_message=priced.parts_per_message,
        unit_price_cents=priced.unit_price_cents,
        total_cents=priced.total_cents,
        price_list=priced.price_list,
        excluded=told_counts(json.loads(priced.excluded_json)),
        area=area,
        outcomes=outcomes,
        invoice=_invoice(context, priced, area, outcomes),
        transparency_notices=notices,
    )


def _priced(work: Connection, plan_id: str) -> Row[tuple[int, int, int, str, str]]:
    columns = (
        plans.c.parts_per_message,
        plans.c.unit_price_cents,
        plans.c.total_cents,
        plans.c.price_list,
        plans.c.excluded_json,
    )
    return work.execute(select(*columns).where(plans.c.plan_id == plan_id)).one()


def _lifts(work: Connection, plan_id: str) -> tuple[Lift, ...]:
    query = select(plan_lifts).where(plan_lifts.c.plan_id == plan_id).order_by(plan_lifts.c.lifted_at)
    return tuple(Lift(row.code, from_micros(row.lifted_at), row.why) for row in work.execute(query))


def _invoice(
    context: Context, priced: Row[tuple[int, int, int, str, str]], area: Area, outcomes: MessageOutcomes
) -> Invoice:
    payer, voice = context.sponsor.payer, context.order.message.voice
    return Invoice(
        addressed_to=payer.name,
        addressed_to_kind=payer.kind,
        first_at=outcomes.first_at,
        last_at=outcomes.last_at,
        area=area.words(),
        messages=outcomes.told_handed_over or None,
        delivered=outcomes.delivered_words(),
        unit_price_cents=priced.unit_price_cents,
        price_list=priced.price_list,
        message_copy=context.final_text if voice is None else voice.audio,
    )
