"""Asking the base how it judges the contacts of an order: the one place where `sends` asks.

The judgement ships inside the base and is asked through `consent.judgement`; calendar, message, sponsor and exclusivity are no
part of it. Columns of the tables that are created here stand in `sends.plans.temporary_tables`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from consent.judgement.asking import lay_judged
from consent.judgement.live_facts import load_live_facts
from consent.judgement.queries import judgement_sql
from consent.judgement.situations import counts_everyone, knows_everything, lay_situations_of_everyone, situations_sql
from consent.judgement.uses import Use
from sends.orders.order import Order
from sends.plans.temporary_tables import ASKED_WITH_FACTS, COUNTED, FOUND_SITUATIONS, JUDGED
from sends.rules.context import Context
from stores.all_stores import Stores
from stores.engine import use_every_core
from stores.sql_files import sql_of
from stores.warehouse.warehouse import read_manifest
from terms.identifiers import digest

#: Where `consent.judgement` puts what became known since the base was built.
_LIVE_FACTS = "live_facts"

#: Where `consent.judgement` counts the situations of the whole base.
_SITUATIONS_OF_EVERYONE = "situations_of_everyone"


def judged_at(order: Order, now: datetime) -> datetime:
    """Return the instant that an audience is judged at: window.from, or now where the window is open already."""
    return max(order.window_from, now)


def use_of(stores: Stores, context: Context, moment: datetime, known_by: datetime) -> Use:
    """Return the use that an order makes of a contact.

    Args:
        stores: the opened stores: they tell which invented numbers count.
        context: the order, with its election.
        moment: the instant (aware) at which the message would leave.
        known_by: the instant (aware) until which knowledge counts.
    """
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


def rule_set_of(base: duckdb.DuckDBPyConnection, context: Context) -> str:
    """Return the hash of all rules that a use is judged by: those of consent in the base, and those of `sends`."""
    return digest(read_manifest(base).rule_set_sha256, context.rules.sha256)


def create_judged(
    base: duckdb.DuckDBPyConnection, stores: Stores, asked: str, use: Use, contact_ids: Sequence[str] | None = None
) -> None:
    """Create the temporary table `judged`: the judgement of each contact of a relation; opt-outs of today count.

    Args:
        base: a connection to the published base.
        stores: the opened stores.
        asked: name of a relation with `contact_id UUID`.
        use: what is asked.
        contact_ids: whose opt-outs and facts of today are fetched; None = everybody's.

    Raises:
        FiliationError: the relation's name is not a plain lower-case identifier.
    """
    load_live_facts(base, stores.engine, _LIVE_FACTS, contact_ids)
    lay_judged(base, asked, _LIVE_FACTS, use, JUDGED.name)


def create_counted(base: duckdb.DuckDBPyConnection, stores: Stores, asked: str, use: Use) -> None:
    """Create the temporary table `counted`: how many contacts of a relation get which answer.

    The answers are those of `create_judged`, read from the spans of the base; contacts of whom something became known since
    the base was built are judged one by one.

    Args:
        base: a connection to the published base.
        stores: the opened stores.
        asked: name of a relation with `contact_id UUID`.
        use: what is asked.

    Raises:
        FiliationError: the relation's name is not a plain lower-case identifier.
    """
    load_live_facts(base, stores.engine, _LIVE_FACTS, None)
    COUNTED.create(base)
    one_by_one = asked
    if knows_everything(base, use.known_by):
        one_by_one = _create_asked_with_facts(base, asked)
        _create_found_situations(base, asked, use)
        _count_situations(base, use)
    _count_judged(base, use, one_by_one)


def create_counted_of_everyone(base: duckdb.DuckDBPyConnection, stores: Stores, use: Use) -> None:
    """Create the temporary table `counted` as `create_counted` does, for every contact of the base.

    The base holds counts of all contacts; those of whom something became known since are taken off again and judged one by one.

    Args:
        base: a connection to the published base.
        stores: the opened stores.
        use: what is asked.
    """
    if not counts_everyone(base, use):
        create_counted(base, stores, "contacts", use)
        return
    use_every_core(base)
    load_live_facts(base, stores.engine, _LIVE_FACTS, None)
    COUNTED.create(base)
    lay_situations_of_everyone(base, use, _SITUATIONS_OF_EVERYONE)
    FOUND_SITUATIONS.fill(base, sql_of(__file__, "every_situation"), {"situations": _SITUATIONS_OF_EVERYONE})
    _count_situations(base, use)
    one_by_one = _create_asked_with_facts(base, "contacts")
    _count_judged(base, use, one_by_one)
    sql, parameters = judgement_sql(one_by_one, None, use)
    COUNTED.add(
        base,
        f"select verdict, decision, codes, worst_code, -count(*) as contacts from ({sql}) group by all",
        parameters,
    )


def _create_asked_with_facts(base: duckdb.DuckDBPyConnection, asked: str) -> str:
    """Create `asked_with_facts` and return its name."""
    ASKED_WITH_FACTS.fill(base, sql_of(__file__, "asked_with_facts"), {"asked": asked, "live_facts": _LIVE_FACTS})
    return ASKED_WITH_FACTS.name


def _create_found_situations(base: duckdb.DuckDBPyConnection, asked: str, use: Use) -> None:
    parameters = situations_sql(use).parameters
    FOUND_SITUATIONS.fill(
        base,
        sql_of(__file__, "found_situations"),
        {
            "asked": asked,
            "live_facts": _LIVE_FACTS,
            "moment": parameters["use_moment"],
            "eligible_on": parameters["use_eligible_on"],
        },
    )


def _count_situations(base: duckdb.DuckDBPyConnection, use: Use) -> None:
    sql, parameters = situations_sql(use, FOUND_SITUATIONS.name)
    COUNTED.add(
        base,
        "select verdict, decision, codes_of(code_bits) as codes, worst_code, contacts"
        " from (select verdict, decision, code_bits, worst_code, sum(contacts) as contacts"
        f" from {FOUND_SITUATIONS.name} join ({sql}) using (situation_id, is_elector) group by all)",
        parameters,
    )


def _count_judged(base: duckdb.DuckDBPyConnection, use: Use, asked: str) -> None:
    sql, parameters = judgement_sql(asked, _LIVE_FACTS, use)
    COUNTED.add(
        base,
        f"select verdict, decision, codes, worst_code, count(*) as contacts from ({sql}) group by all",
        parameters,
    )
