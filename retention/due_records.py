"""Campaigns whose records and notices are older than they must be kept: found in the ledger, deleted nowhere here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Table, func, select

from retention.periods import RetentionRule
from sends.rules.retention import KEPT_MONTHS
from stores.all_stores import Stores
from stores.operations import message_tables, plan_tables
from terms.clock import from_micros, to_micros
from terms.errors import UsageError
from terms.paris import PARIS

_CHUNK = 500


@dataclass(frozen=True)
class DueRecords:
    """Plans that go by a rule, the oldest first, and how many rows stand of them in the ledger."""

    plan_ids: tuple[str, ...]
    messages: int
    notices: int


def find_due_records(stores: Stores, rule: RetentionRule, now: datetime) -> DueRecords:
    """Return the plans whose last publication is older than the rule keeps it at `now`.

    A plan with a notice that says of itself that it is kept longer stays whole.

    Raises:
        UsageError: the rule lets records go before the law does (R-44).
    """
    if rule.months < KEPT_MONTHS:
        raise UsageError(
            f"config/retention/: {rule.code} lets records of campaigns go after {rule.months} months (RETENTION_7Y, R-44).",
            f"Keep them at least {KEPT_MONTHS} months.",
        )
    today = now.astimezone(PARIS).date()
    with stores.engine.connect() as reading:
        plans = tuple(plan for plan, last in _last_published(reading, now) if rule.goes_on(last) <= today)
        messages, notices = message_tables.messages, plan_tables.transparency_notices
        return DueRecords(plans, _count(reading, messages, plans), _count(reading, notices, plans))


def _last_published(reading: Connection, now: datetime) -> list[tuple[str, date]]:
    """Return each plan with the day (Paris) of its last publication, those aside that a notice still keeps."""
    plans, messages, notices = plan_tables.plans, message_tables.messages, plan_tables.transparency_notices
    handed = (
        select(messages.c.plan_id, func.max(messages.c.handed_over_at).label("at"))
        .group_by(messages.c.plan_id)
        .subquery()
    )
    kept = select(notices.c.plan_id).where(notices.c.kept_until > to_micros(now))
    query = (
        select(plans.c.plan_id, plans.c.window_to, handed.c.at)
        .outerjoin(handed, handed.c.plan_id == plans.c.plan_id)
        .where(plans.c.plan_id.not_in(kept))
        .order_by(plans.c.window_to, plans.c.plan_id)
    )
    return [
        (plan_id, from_micros(max(window_to, at or 0)).astimezone(PARIS).date())
        for plan_id, window_to, at in reading.execute(query).tuples()
    ]


def _count(reading: Connection, table: Table, plans: Sequence[str]) -> int:
    total = 0
    for start in range(0, len(plans), _CHUNK):
        some = plans[start : start + _CHUNK]
        total += reading.execute(select(func.count()).select_from(table).where(table.c.plan_id.in_(some))).scalar_one()
    return total
