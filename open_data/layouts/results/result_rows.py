"""What all layouts of results share: bureau codes, the rows of a bureau x candidate, and their control totals.

How each file is laid out belongs to the modules beside this one. Source: open-data README §4 (department letters,
bureau codes are text).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.layout import set_variables
from open_data.sources import Source
from stores.sql_files import sql_of


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macro `insee_department`, which reads the ministry's letters of a department."""
    connection.execute(sql_of(__file__, "insee_department"))


def select_results(connection: duckdb.DuckDBPyConnection, source: Source) -> str:
    """Return the columns of BUREAU_RESULTS from a relation `result_rows`.

    Its columns: bureau_code, registered, votes_cast, valid_votes (integers), name, given_name, nuance, votes. Two
    candidates of one family name in one bureau are told apart by given name, else by nuance.
    """
    set_variables(connection, source)
    return sql_of(__file__, "results")


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
