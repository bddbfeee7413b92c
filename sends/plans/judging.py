"""Asking the base what it judges of a use, in the words of an order: the one place where `sends` asks.

The judgement itself ships inside the base and is asked through `consent.judgement`; calendar, message, sponsor and
exclusivity are not part of it.
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
from sends.rules.context import Context
from sends.send_stores import SendStores
from stores.engine import use_every_core


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
    lay_judged(base, asked, "live_facts", use, "judged")


def create_counted(base: duckdb.DuckDBPyConnection, stores: SendStores, asked: str, use: Use) -> None:
    """Create the temporary table `counted`: one row per distinct answer about the contacts of the relation `asked`.

    Columns: verdict, decision, codes, worst_code, contacts. The same answers as `create_judged`, read from the spans of
    the base; contacts of whom the day told something are judged one by one.
    """
    load_live_facts(base, stores.engine, "live_facts", None)
    base.execute(_NO_COUNTS)
    by_contact = asked
    if knows_everything(base, use.known_by):
        by_contact = _lay_asked_with_facts(base, asked)
        _lay_situations_of(base, asked, use)
        _count_situations(base, use)
    _count_judged(base, use, by_contact)


def create_counted_of_everyone(base: duckdb.DuckDBPyConnection, stores: SendStores, use: Use) -> None:
    """Create the temporary table `counted` as `create_counted` does, for every contact of the base.

    What the base says of all is counted before; contacts of whom the day told something leave the answer that they have
    without it.
    """
    if not counts_everyone(base, use):
        create_counted(base, stores, "contacts", use)
        return
    use_every_core(base)
    load_live_facts(base, stores.engine, "live_facts", None)
    base.execute(_NO_COUNTS)
    lay_situations_of_everyone(base, use, "found_situations")
    _count_situations(base, use)
    by_contact = _lay_asked_with_facts(base, "contacts")
    _count_judged(base, use, by_contact)
    sql, parameters = judgement_sql(by_contact, None, use)
    base.execute(
        f"insert into counted select verdict, decision, codes, worst_code, -count(*) from ({sql}) group by all",
        parameters,
    )


_NO_COUNTS = (
    "create or replace temp table counted"
    " (verdict varchar, decision varchar, codes varchar[], worst_code varchar, contacts bigint)"
)


def _lay_asked_with_facts(base: duckdb.DuckDBPyConnection, asked: str) -> str:
    """Create a temporary table of the asked contacts of whom the day told something, and return its name."""
    base.execute(
        "create or replace temp table asked_with_facts as"
        f" select contact_id from {asked} semi join live_facts using (contact_id)"
    )
    return "asked_with_facts"


def _lay_situations_of(base: duckdb.DuckDBPyConnection, asked: str, use: Use) -> None:
    parameters = situations_sql(use).parameters
    base.execute(
        "create or replace temp table found_situations as"
        " select spans.situation_id, is_elector(spans.adult_on, $use_eligible_on::date) as is_elector, count(*) as contacts"
        " from verdict_spans as spans"
        f" semi join {asked} as asked on asked.contact_id = spans.contact_id"
        " anti join live_facts on live_facts.contact_id = spans.contact_id"
        " where spans.from_at <= $use_moment::timestamp and spans.until_at > $use_moment::timestamp"
        " group by all",
        {name: parameters[name] for name in ("use_moment", "use_eligible_on")},
    )


def _count_situations(base: duckdb.DuckDBPyConnection, use: Use) -> None:
    sql, parameters = situations_sql(use, "found_situations")
    base.execute(
        "insert into counted select verdict, decision, codes_of(code_bits), worst_code, contacts"
        " from (select verdict, decision, code_bits, worst_code, sum(contacts) as contacts"
        f" from found_situations join ({sql}) using (situation_id, is_elector) group by all)",
        parameters,
    )


def _count_judged(base: duckdb.DuckDBPyConnection, use: Use, asked: str) -> None:
    sql, parameters = judgement_sql(asked, "live_facts", use)
    base.execute(
        f"insert into counted select verdict, decision, codes, worst_code, count(*) from ({sql}) group by all",
        parameters,
    )
