"""Finding the contacts of an audience: the evaluator is a macro of the published base, its parameters are the criteria.

Results of bureaux and income of IRIS select whole territories, never people. Whether a contact may be reached is judged
afterwards, by `sends.plans.judging`. No condition on source, name or birthplace exists here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from consent.judgement.queries import refusing_older_bases
from sends.orders.audience_criteria import Amount, Audience, BureauVote, Exclusion, Years
from sends.plans.temporary_tables import AUDIENCE, TemporaryTable
from sends.rules.calendar import Place
from sends.rules.context import Context
from sends.rules.order_rules import HIGHEST_SHARE, LEAST_VOTES
from stores.sql_files import sql_of
from terms.errors import FiliationError
from terms.paris import day_in_paris

#: The département of a contact `c`.
DEPARTEMENT = "departement_of(c.commune_code)"

#: A contact whose zones are all unknown runs on the clock of metropolitan France.
_DEFAULT_ZONES = ("metropole",)


@dataclass(frozen=True)
class Selection:
    """What an audience is evaluated with: criteria, the map of the order's bureaux, the day on which ages count.

    `told_departements` are those of elections of some constituencies: only there does the calendar ask for it.
    `reserve` narrows the audience to ages on `polling_on`; None = the whole audience.
    """

    audience: Audience
    bureau_map: str
    on: date
    told_departements: frozenset[str] = frozenset()
    reserve: Years | None = None
    polling_on: date | None = None


def selection_of(context: Context) -> Selection:
    """Return what the audience of an order is evaluated with: ages count on the day (Paris) of window.from."""
    order = context.order
    on = day_in_paris(order.window_from)
    return Selection(order.audience, context.election.bureau_map, on, context.told_departements)


def create_audience(base: duckdb.DuckDBPyConnection, selection: Selection) -> None:
    """Create the temporary table `audience`: the contacts that meet the criteria, with their bureau and their place."""
    create_contacts(base, AUDIENCE, selection)


def create_contacts(base: duckdb.DuckDBPyConnection, table: TemporaryTable, selection: Selection) -> None:
    """Create a temporary table of the contacts that meet the criteria: `audience`, or one with some of its columns.

    A criterion for which the base offers no column finds nobody (`unoffered_criteria`).

    Args:
        base: a connection to the published base.
        table: the table to create.
        selection: criteria, map and day.

    Raises:
        FiliationError: the audience holds a forbidden criterion, which the caller must have refused before.
        Refused: the base was built by an older version, which has no such macro.
    """
    if selection.audience.forbidden:
        raise FiliationError("A forbidden criterion cannot be evaluated.", "Refuse the order instead.")
    with refusing_older_bases():
        table.fill(base, sql_of(__file__, "audience"), _parameters(selection))


def places(base: duckdb.DuckDBPyConnection) -> list[Place]:
    """Return the distinct places of the audience for the calendar, the most frequent first."""
    rows = base.execute(sql_of(__file__, "places")).fetchall()
    return [Place(frozenset(zones), is_known, None, departement) for zones, is_known, departement in rows]


def revealing_bureaux(base: duckdb.DuckDBPyConnection, vote: BureauVote) -> int:
    """Return how many bureaux, chosen by their results and home of some of the audience, reveal votes (R-69)."""
    row = base.execute(
        sql_of(__file__, "revealing_bureaux"),
        {**_vote_parameters(vote), "least_votes": LEAST_VOTES, "highest_share": HIGHEST_SHARE},
    ).fetchone()
    return int(row[0]) if row else 0


def unoffered_criteria(base: duckdb.DuckDBPyConnection, audience: Audience) -> tuple[str, ...]:
    """Return the criteria of an audience for which the base offers no column of `contacts`, sorted.

    Which columns it offers is said in the meta of that model; the base keeps what was said when it was built.

    Raises:
        Refused: the base was built by an older version, which did not say it yet.
    """
    with refusing_older_bases():
        offered = {str(row[0]) for row in base.execute(sql_of(__file__, "offered_criteria")).fetchall()}
    return tuple(sorted(set(audience.criteria()) - offered))


def _parameters(selection: Selection) -> dict[str, object]:
    """Return the parameters of the statement `audience`; None = not asked."""
    audience, excluded = selection.audience, selection.audience.exclude or Exclusion()
    return {
        "communes": audience.communes,
        "departements": audience.departements,
        "bureaux": audience.bureaux,
        "iris": audience.iris,
        "sex": audience.sex and audience.sex.value,
        **_bounds("age", audience.age),
        **_vote_parameters(audience.bureau_vote),
        **_bounds("euros", audience.iris_income),
        "excluded_bureaux": excluded.bureaux or None,
        "excluded_sex": excluded.sex and excluded.sex.value,
        "bureau_map": selection.bureau_map,
        "on_day": selection.on,
        **_bounds("reserved", selection.reserve),
        "polling_on": selection.polling_on,
        "default_zones": list(_DEFAULT_ZONES),
        "told_departements": sorted(selection.told_departements),
    }


def _vote_parameters(vote: BureauVote | None) -> dict[str, object]:
    return {
        "election": vote.election if vote else None,
        "round": vote.round if vote else None,
        "candidate": vote.candidate if vote else None,
        **_bounds("share", vote.share if vote else None),
    }


def _bounds(name: str, bounds: Years | Amount | None) -> dict[str, object]:
    return {f"least_{name}": bounds.least if bounds else None, f"most_{name}": bounds.most if bounds else None}
