"""Freezing the audience of an order: who meets its criteria, and for each of them a message or the code that forbids it.

Each step fills one temporary table of `sends.plans.temporary_tables` from those before it, in the order of `freeze_audience`.
Writing messages belongs to `sends.plans.campaign_plan`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from sends.orders.order import Kind
from sends.plans.audience import create_audience, places, selection_of
from sends.plans.campaign_plan import CHUNK
from sends.plans.exclusivity import Holding, held_contacts
from sends.plans.invitations import invited_contacts
from sends.plans.judging import create_judged, judged_at, use_of
from sends.plans.temporary_tables import (
    AUDIENCE,
    CLOSED_PLACES,
    DECIDED_AUDIENCE,
    HELD,
    INVITED,
    NAMED_SOURCES,
    OUTSIDE_RESERVE,
)
from sends.plans.texts import names_source
from sends.rules.calendar import Place, first_open, moment_findings
from sends.rules.context import Context
from stores.all_stores import Stores
from stores.sql_files import sql_of


def freeze_audience(
    base: duckdb.DuckDBPyConnection, stores: Stores, context: Context, plan_id: str, now: datetime
) -> tuple[Place, ...]:
    """Create `decided_audience` for an order, through `audience`, `judged`, `closed_places`, `held` and `invited`.

    Args:
        base: a connection to the published base.
        stores: the opened stores.
        context: the order, with what it refers to.
        plan_id: the plan that the messages belong to.
        now: the instant (aware) of planning: what is known by then counts.

    Returns:
        where the audience is for the calendar, the most frequent place first; metropolitan France for nobody.
    """
    begins = judged_at(context.order, now)
    create_audience(base, selection_of(context))
    create_judged(base, stores, AUDIENCE.name, use_of(stores, context, begins, now))
    where = places(base) or [Place(frozenset({"metropole"}), True)]
    _create_closed_places(base, where, context, begins)
    _create_held(base, stores, context, plan_id, now)
    _create_invited(base, stores, context)
    _create_decided_audience(base, context, plan_id)
    return tuple(where)


def count_contacts(base: duckdb.DuckDBPyConnection) -> int:
    """Return how many contacts of `decided_audience` get a message."""
    row = base.execute(sql_of(__file__, "contacts")).fetchone()
    return int(row[0]) if row else 0


def count_excluded(base: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how many contacts get no message, each once, under the first code against it; sorted by code."""
    rows = base.execute(sql_of(__file__, "excluded")).fetchall()
    return dict(sorted(rows))


def count_excluded_by_code(base: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return how many contacts get no message, once under each code against them; sorted by code."""
    rows = base.execute(sql_of(__file__, "excluded_by_code")).fetchall()
    return dict(sorted(rows))


def read_sources(base: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names of the partners whose acts let the messages of `decided_audience` leave."""
    rows = base.execute(sql_of(__file__, "sources")).fetchall()
    return [row[0] for row in rows]


def bureaux_to_reserve(base: duckdb.DuckDBPyConnection, context: Context) -> tuple[str, ...]:
    """Return the bureaux in which the audience votes, sorted; an unselected invitation reserves none."""
    if not context.order.is_selection:
        return ()
    rows = base.execute(sql_of(__file__, "bureaux")).fetchall()
    return tuple(row[0] for row in rows)


def _create_closed_places(
    base: duckdb.DuckDBPyConnection, where: Sequence[Place], context: Context, start: datetime
) -> None:
    """Create `closed_places`; where every place is closed, the order gets the finding and nobody is excluded for it."""
    timing, end = context.timing, context.order.window_to
    CLOSED_PLACES.create(base)
    closed = [place for place in where if first_open(place, start, end, timing) is None]
    if len(closed) == len(where):
        return
    for place in closed:
        CLOSED_PLACES.add(
            base,
            sql_of(__file__, "closed_place"),
            {
                "zones": sorted(place.zones),
                "is_known": place.is_territory_known,
                "departement": place.departement,
                "codes": sorted(item.code for item in moment_findings(start, place, timing)),
            },
        )


def _create_held(
    base: duckdb.DuckDBPyConnection, stores: Stores, context: Context, plan_id: str, now: datetime
) -> None:
    order = context.order
    ballot = Holding(order.election, order.round, order.sponsor, plan_id, now)
    rows = base.execute(sql_of(__file__, "everybody")).fetchall()
    with stores.engine.connect() as work:
        held = held_contacts(work, ballot, [row[0] for row in rows], now)
    HELD.fill(base, sql_of(__file__, "listed"), {"ids": sorted(held)})


def _create_invited(base: duckdb.DuckDBPyConnection, stores: Stores, context: Context) -> None:
    """Create `invited`: an invitation asks once, whoever pays; a selected order asks nobody about it."""
    INVITED.create(base)
    if context.order.kind is not Kind.INVITATION:
        return
    with stores.engine.connect() as work:
        for some in work.execute(invited_contacts()).scalars().partitions(CHUNK):
            INVITED.add(base, sql_of(__file__, "listed"), {"ids": list(some)})


def _create_decided_audience(base: duckdb.DuckDBPyConnection, context: Context, plan_id: str) -> None:
    """Create `decided_audience`, with the first code against each contact.

    The order of codes: outside the reserved part (such a contact is not this order's at all), consent and person, an earlier
    invitation, the calendar, another sponsor. An invitation stops at `max_messages`, in the order of `send_id`.
    """
    order = context.order
    _create_outside_reserve(base, context)
    NAMED_SOURCES.create(base)
    if names_source(context):
        NAMED_SOURCES.add(base, sql_of(__file__, "named_sources"))
    DECIDED_AUDIENCE.fill(
        base,
        sql_of(__file__, "decided_audience"),
        {"plan_id": plan_id, "most": order.max_messages or AUDIENCE.count(base)},
    )


def _create_outside_reserve(base: duckdb.DuckDBPyConnection, context: Context) -> None:
    OUTSIDE_RESERVE.create(base)
    reserve = context.order.reserve
    if reserve is not None:
        polling_on = context.election.rounds[context.order.round].polling_on
        bounds = {"least_age": reserve.least, "most_age": reserve.most, "polling_on": polling_on}
        OUTSIDE_RESERVE.add(base, sql_of(__file__, "outside_reserve"), bounds)
