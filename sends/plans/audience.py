"""Finding the contacts of an audience: criteria become conditions with bound parameters over the published base.

Results of bureaux and income of IRIS select whole territories, never people. Whether a contact may be reached is judged
afterwards, by `sends.plans.judging`. No condition on source, name or birthplace exists here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from sends.orders.audience_criteria import Amount, Audience, BureauVote, Years
from sends.plans.temporary_tables import AUDIENCE, TemporaryTable
from sends.rules.calendar import Place
from sends.rules.context import Context
from sends.rules.order_rules import HIGHEST_SHARE, LEAST_VOTES
from stores.sql_files import sql_of
from terms.errors import FiliationError
from terms.paris import day_in_paris

#: Communes that vote as one but are cut into arrondissements in addresses (INSEE): Paris, Lyon, Marseille.
_ARRONDISSEMENTS: Mapping[str, tuple[str, ...]] = {
    "75056": tuple(f"751{number:02}" for number in range(1, 21)),
    "69123": tuple(f"6938{number}" for number in range(1, 10)),
    "13055": tuple(f"132{number:02}" for number in range(1, 17)),
}

#: Columns of `contacts` in a base of ours: a column beyond them may tell what nobody may target by (R-22).
_CONTACT_COLUMNS = frozenset(
    "contact_id sex birth_date adult_on postcode country commune_code address_key address_id iris_code match_confidence"
    " number_kind number_zone is_fiction zones".split()
)

#: The département of a contact `c`.
DEPARTEMENT = "case when c.commune_code[:2] in ('97', '98') then c.commune_code[:3] else c.commune_code[:2] end"

#: A contact whose zones are all unknown runs on the clock of metropolitan France.
_DEFAULT_ZONES = ("metropole",)


@dataclass(frozen=True)
class Predicate:
    """A condition on a contact `c` (and its tie on the order's map, `t`), with its bound parameters."""

    sql: str
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Selection:
    """What an audience is evaluated with: criteria, the map of the order's bureaux, the day on which ages count.

    `told_departements` are those of elections of some constituencies: only there does the calendar ask for it.
    """

    audience: Audience
    bureau_map: str
    on: date
    told_departements: frozenset[str] = frozenset()


def selection_of(context: Context) -> Selection:
    """Return what the audience of an order is evaluated with: ages count on the day (Paris) of window.from."""
    order = context.order
    on = day_in_paris(order.window_from)
    return Selection(order.audience, context.election.bureau_map, on, context.told_departements)


def predicates(selection: Selection) -> tuple[Predicate, ...]:
    """Return the conditions of an audience; all of them must hold.

    Raises:
        FiliationError: the audience holds a forbidden criterion, which the caller must have refused before.
    """
    audience = selection.audience
    if audience.forbidden:
        raise FiliationError("A forbidden criterion cannot be evaluated.", "Refuse the order instead.")
    found = [*_territories(audience), *_persons(audience, selection.on), *_exclusions(audience)]
    if audience.bureau_vote is not None:
        found.append(_bureau_vote(audience.bureau_vote))
    if audience.iris_income is not None:
        found.append(_iris_income(audience.iris_income))
    return tuple(found)


def create_audience(base: duckdb.DuckDBPyConnection, selection: Selection) -> None:
    """Create the temporary table `audience`: the contacts that meet the criteria, with their bureau and their place."""
    condition = _all_of(predicates(selection))
    AUDIENCE.fill(
        base,
        "select c.contact_id, t.bureau_code, c.birth_date,"
        " case when len(coalesce(c.zones, [])) = 0 then $default_zones::varchar[] else list_sort(c.zones) end as zones,"
        " (c.commune_code is not null or c.postcode is not null) as is_territory_known,"
        f" case when list_contains($told_departements::varchar[], {DEPARTEMENT}) then {DEPARTEMENT} end as departement"
        f" from {_CONTACTS} where {condition.sql}",
        {
            "bureau_map": selection.bureau_map,
            "default_zones": list(_DEFAULT_ZONES),
            "told_departements": sorted(selection.told_departements),
            **condition.parameters,
        },
    )


def create_contacts(
    base: duckdb.DuckDBPyConnection, table: TemporaryTable, selection: Selection, also: tuple[Predicate, ...] = ()
) -> None:
    """Create a temporary table with the ids of the contacts that meet the criteria, and nothing else.

    Args:
        base: a connection to the published base.
        table: the table to create; its only column is `contact_id`.
        selection: criteria, map and day.
        also: further conditions; their parameters have names of their own.

    Raises:
        FiliationError: as `predicates`.
    """
    condition = _all_of((*predicates(selection), *also))
    table.fill(
        base,
        f"select c.contact_id from {_CONTACTS} where {condition.sql}",
        {"bureau_map": selection.bureau_map, **condition.parameters},
    )


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


def extra_contact_columns(base: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the columns of `contacts` beyond the grain of a contact; there are none in a base of ours."""
    names = [str(row[0]) for row in base.execute("describe contacts").fetchall()]
    return tuple(sorted(set(names) - _CONTACT_COLUMNS))


#: Contacts, each with its tie on the order's map of bureaux.
_CONTACTS = "contacts as c left join address_ties as t on t.address_key = c.address_key and t.map = $bureau_map"


def _all_of(conditions: Sequence[Predicate]) -> Predicate:
    parameters: dict[str, object] = {}
    for item in conditions:
        parameters.update(item.parameters)
    return Predicate(" and ".join(f"({item.sql})" for item in conditions) or "true", parameters)


def _territories(audience: Audience) -> list[Predicate]:
    found = []
    if audience.communes is not None:
        communes = [part for code in audience.communes for part in (code, *_ARRONDISSEMENTS.get(code, ()))]
        found.append(Predicate("list_contains($communes, c.commune_code)", {"communes": communes}))
    if audience.departements is not None:
        found.append(
            Predicate(f"list_contains($departements, {DEPARTEMENT})", {"departements": list(audience.departements)})
        )
    if audience.bureaux is not None:
        found.append(Predicate("list_contains($bureaux, t.bureau_code)", {"bureaux": list(audience.bureaux)}))
    if audience.iris is not None:
        found.append(Predicate("list_contains($iris, c.iris_code)", {"iris": list(audience.iris)}))
    return found


def _persons(audience: Audience, on: date) -> list[Predicate]:
    found = []
    if audience.sex is not None:
        found.append(Predicate("c.sex = $sex", {"sex": audience.sex.value}))
    if audience.age is not None:
        found.append(age_predicate("c.birth_date", audience.age, on))
    return found


def age_predicate(birth_date: str, years: Years, on: date, parameter: str = "aged_on") -> Predicate:
    """Return the condition that a birth date gives an age within bounds on a day; an unknown birth date fails it.

    Args:
        birth_date: the column, as SQL names it.
        years: ages in completed years, bounds included.
        on: the day on which the age counts.
        parameter: name under which the day is bound.
    """
    parts: list[str] = [f"{birth_date} is not null"]
    if years.least is not None:
        parts.append(f"{birth_date} + to_years({years.least:d}) <= ${parameter}")
    if years.most is not None:
        parts.append(f"{birth_date} + to_years({years.most + 1:d}) > ${parameter}")
    return Predicate(" and ".join(parts), {parameter: on})


def _exclusions(audience: Audience) -> list[Predicate]:
    if audience.exclude is None:
        return []
    found = []
    if audience.exclude.bureaux:
        condition = "t.bureau_code is null or not list_contains($excluded_bureaux, t.bureau_code)"
        found.append(Predicate(condition, {"excluded_bureaux": list(audience.exclude.bureaux)}))
    if audience.exclude.sex is not None:
        found.append(Predicate("c.sex is distinct from $excluded_sex", {"excluded_sex": audience.exclude.sex.value}))
    return found


def _bureau_vote(vote: BureauVote) -> Predicate:
    condition = f"c.address_key in ({sql_of(__file__, 'addresses_of_chosen_bureaux')})"
    return Predicate(condition, _vote_parameters(vote))


def _vote_parameters(vote: BureauVote) -> dict[str, object]:
    return {
        "vote_election": vote.election,
        "vote_round": vote.round,
        "vote_candidate": vote.candidate,
        "least_share": vote.share.least,
        "most_share": vote.share.most,
    }


def _iris_income(income: Amount) -> Predicate:
    bounds = {"least_euros": income.least, "most_euros": income.most}
    return Predicate(
        f"c.iris_code in ({sql_of(__file__, 'iris_of_income')})",
        bounds,
    )
