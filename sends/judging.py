"""Asking the base what it judges of a use, in the words of an order: the one place where `sends` asks.

The judgement itself ships inside the base and is asked through `consent.judgement`; calendar, message, sponsor and
exclusivity are not part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from consent.judgement import Use, judgement_sql, load_live_facts
from sends.context import Context
from sends.house import SendStores


def use_of(stores: SendStores, context: Context, moment: datetime, known_by: datetime) -> Use:
    """Return the use that an order makes of a contact at an instant, judged with what was known by another."""
    order = context.order
    return Use(
        channel=order.channel,
        sponsor_id=order.sponsor,
        criteria_kinds=tuple(kind.value for kind in order.judged_kinds()),
        eligible_on=context.election.eligible_on(order.round),
        number_rules=stores.number_rules,
        profile=order.profile,
        moment=moment,
        known_by=known_by,
    )


def create_judged(
    base: duckdb.DuckDBPyConnection, stores: SendStores, asked: str, use: Use, contact_ids: Sequence[str] | None = None
) -> None:
    """Create the temporary table `judged`: one row per contact of the relation `asked`.

    Columns: contact_id, verdict, decision, codes, worst_code, best_delivery_id. Opt-outs of the day count; where
    `contact_ids` are given, only theirs are fetched.
    """
    load_live_facts(base, stores.engine, "live_facts", contact_ids)
    sql, parameters = judgement_sql(asked, "live_facts", use)
    base.execute(f"create or replace temp table judged as {sql}", parameters)
