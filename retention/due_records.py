"""Finding the campaigns whose records and transparency notices are older than the operator keeps them.

The law's shortest period is the rule RETENTION_7Y of `sends.rules.retention`; deleting belongs to `retention.purge_records`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Table, func, select

from retention.periods import RetentionRule
from sends.rules.retention import kept_months
from sends.rules.rulebook import read_rulebook
from stores.all_stores import Stores
from stores.operations import message_tables, plan_tables
from stores.operations.database import VALUES_AT_ONCE
from terms.batches import batched
from terms.clock import from_micros, to_micros
from terms.errors import UsageError
from terms.paris import day_in_paris
from terms.reasons import Profile


@dataclass(frozen=True)
class DueRecords:
    """Plans that are due by a rule, the oldest first, and how many rows the ledger holds of them."""

    plan_ids: tuple[str, ...]
    messages: int
    transparency_notices: int


def find_due_records(stores: Stores, rule: RetentionRule, now: datetime) -> DueRecords:
    """Return the plans whose last publication is older than a period keeps it.

    A plan with a transparency notice that says of itself that it is kept longer stays whole.

    Args:
        stores: the opened stores.
        rule: the operator's period.
        now: the instant (aware) of the question.

    Raises:
        UsageError: the period is shorter than the law's (RETENTION_7Y, R-44).
    """
    today = day_in_paris(now)
    _check_law(stores, rule, today)
    with stores.engine.connect() as reading:
        plans = tuple(plan for plan, last in _last_published(reading, now) if rule.due_on(last) <= today)
        messages, notices = message_tables.messages, plan_tables.transparency_notices
        return DueRecords(plans, _count(reading, messages, plans), _count(reading, notices, plans))


def _check_law(stores: Stores, rule: RetentionRule, today: date) -> None:
    """Refuse a period that is shorter than the law's, which is the same under every profile."""
    book = read_rulebook(stores.settings.config / "rules" / "orders")
    least = kept_months(book.under(Profile.STRICT, today))
    if rule.months < least:
        raise UsageError(
            f"config/retention/: {rule.code} lets records of campaigns go after {rule.months} months (RETENTION_7Y, R-44).",
            f"Keep them at least {least} months.",
        )


def _last_published(reading: Connection, now: datetime) -> list[tuple[str, date]]:
    """Return each plan with the day (Paris) of its last publication, without those that a transparency notice still keeps."""
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
        (plan_id, day_in_paris(from_micros(max(window_to, at or 0))))
        for plan_id, window_to, at in reading.execute(query).tuples()
    ]


def _count(reading: Connection, table: Table, plans: Sequence[str]) -> int:
    total = 0
    for some in batched(plans, VALUES_AT_ONCE):
        total += reading.execute(select(func.count()).select_from(table).where(table.c.plan_id.in_(some))).scalar_one()
    return total
