"""Questions to the macros `judge_…` of the base as SQL with its parameters, and how they are put to it.

The macros ship inside the base (`dbt_project/macros/judge_use.sql`). Which one answers a question fastest is chosen by
`asking`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import duckdb

from consent.judgement.uses import Use, parameters_of
from stores.sql_files import checked_name
from terms.errors import Refused


class BoundSql(NamedTuple):
    """SQL text and the values of its named parameters."""

    sql: str
    parameters: Mapping[str, object]


def judgement_sql(asked: str, live_facts: str | None, use: Use) -> BoundSql:
    """Return the query that reads each finding, whatever was known when.

    Columns: contact_id UUID, verdict, decision, codes VARCHAR[], worst_code, best_delivery_id, best_line_number.

    Args:
        asked: name of a relation with `contact_id UUID`.
        live_facts: name of a relation as `live_facts.load_live_facts` makes it; None = there are no live facts.
        use: what is asked.

    Raises:
        FiliationError: a relation's name is not a plain lower-case identifier.
    """
    return macro_call("judge_use", asked, live_facts, use)


def macro_call(macro: str, asked: str, live_facts: str | None, use: Use) -> BoundSql:
    """Return the query of a macro that reads each finding.

    Args:
        macro: name of the macro; without live facts it is asked as `…_by_night`.
        asked: name of a relation with `contact_id UUID`.
        live_facts: name of a relation of live facts; None = there are none.
        use: what is asked.

    Raises:
        FiliationError: a relation's name is not a plain lower-case identifier.
    """
    name = f"{macro}_by_night('{checked_name(asked)}'"
    if live_facts is not None:
        name = f"{macro}('{checked_name(asked)}', '{checked_name(live_facts)}'"
    sql = (
        f"select * from {name}, $use_channel::varchar,"
        " $use_sponsor_id::varchar, $use_criteria_kinds::varchar[], $use_eligible_on::date,"
        " $use_number_rules::varchar, $use_profile::varchar, $use_moment::timestamp, $use_known_by::timestamp)"
    )
    return BoundSql(sql, parameters_of(use))


def macro_call_as_known(call: str, use: Use) -> BoundSql:
    """Return the query of a macro that judges by all that the base knows; `call` is its name and first argument as SQL."""
    parameters = {name: value for name, value in parameters_of(use).items() if name != "use_known_by"}
    return BoundSql(
        f"select * from {call}$use_channel::varchar, $use_sponsor_id::varchar, $use_criteria_kinds::varchar[],"
        " $use_eligible_on::date, $use_number_rules::varchar, $use_profile::varchar, $use_moment::timestamp)",
        parameters,
    )


def facts_in(connection: duckdb.DuckDBPyConnection, live_facts: str) -> str | None:
    """Return the relation's name, or None where it holds nothing: then a macro that is planned faster gives the same."""
    found = connection.execute(f"select 1 from {checked_name(live_facts)} limit 1").fetchone()
    return None if found is None else live_facts


def ask_base(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """Return the rows of a question to a macro of the base.

    Args:
        connection: an open base.
        sql: of the question.
        parameters: of the SQL.

    Raises:
        Refused: the base was built by an older version, which has no such macro.
    """
    with refusing_older_bases():
        return connection.execute(sql, dict(parameters)).fetchall()


@contextmanager
def refusing_older_bases() -> Iterator[None]:
    """Refuse, in words, a base that lacks a macro that the block asks.

    Raises:
        Refused: it was built by an older version.
    """
    try:
        yield
    except duckdb.CatalogException:
        raise Refused("The base was built by an older version of this software.", "Run `filiation refresh`.") from None
