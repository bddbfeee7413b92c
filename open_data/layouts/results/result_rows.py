"""What all layouts of results share: bureau codes, the rows of a bureau x candidate, and their control totals.

How each file is laid out belongs to the modules beside this one. Source: open-data README §4 (department letters,
bureau codes are text).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.layout import literal
from open_data.sources import Source

#: The ministry's letters for what INSEE numbers; ZX, ZZ and ZW (one constituency, no commune code) keep theirs.
DEPARTMENT_LETTERS: Mapping[str, str] = MappingProxyType(
    {"ZA": "97", "ZB": "97", "ZC": "97", "ZD": "97", "ZM": "97", "ZS": "97", "ZN": "98", "ZP": "98"}
)


def department_sql(department: str) -> str:
    """Return SQL that turns the ministry's department letters into INSEE's two characters: `ZA` gives `97`."""
    letters = " ".join(f"when '{letter}' then '{code}'" for letter, code in DEPARTMENT_LETTERS.items())
    return f"case {department} {letters} else {department} end"


def select_results(source: Source) -> str:
    """Return the columns of BUREAU_RESULTS from a relation `result_rows`.

    Its columns: bureau_code, registered, votes_cast, valid_votes (integers), name, given_name, nuance, votes. Two
    candidates of one family name in one bureau are told apart by given name, else by nuance.
    """
    return f"""
        select {literal(source.election)} as election, {source.round} as round, bureau_code,
            {literal(source.bureau_map)} as map, registered, votes_cast, valid_votes,
            case
                when count(*) over (partition by bureau_code, name) > 1
                    then concat_ws(' ', name, coalesce(given_name, '(' || nuance || ')'))
                else name
            end as candidate,
            nuance, votes
        from result_rows
        order by bureau_code, candidate
    """


def refuse_lines(connection: duckdb.DuckDBPyConnection, relation: str, condition: str, what: str) -> None:
    """Refuse a file of which any line fulfils a condition.

    Args:
        connection: where the relation is.
        relation: its name.
        condition: SQL over its columns.
        what: the end of the sentence "N lines of the results …".

    Raises:
        SourceFailed: with the number of lines, never their text.
    """
    row = connection.execute(f"select count(*) from {relation} where {condition}").fetchone()
    if row and row[0]:
        raise SourceFailed(f"{row[0]} lines of the results {what}.", "Is it the announced layout?")


_BUREAUX = "(select distinct bureau_code, registered, votes_cast, valid_votes from shaped_bureau_results)"

#: Control totals that every layout of results can measure; `votes of NAME` besides.
MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "bureaux": f"select count(*) from {_BUREAUX}",
        "registered": f"select sum(registered) from {_BUREAUX}",
        "votes_cast": f"select sum(votes_cast) from {_BUREAUX}",
        "valid_votes": f"select sum(valid_votes) from {_BUREAUX}",
        "votes": "select sum(votes) from shaped_bureau_results",
    }
)
NEEDS = ("election", "round", "bureau_map")
