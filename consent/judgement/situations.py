"""How many contacts may be used, from what the base holds already: spans of situations, and counts over the whole base.

They answer only where the base knows everything that counts (`knows_everything`). Judging single contacts belongs to
`asking`.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from consent.judgement.queries import BoundSql, macro_call_as_known
from consent.judgement.uses import Use, parameters_of
from stores.sql_files import checked_name, sql_of
from terms.clock import naive_utc


def situations_sql(use: Use, asked: str = "situations") -> BoundSql:
    """Return the query of what each situation of the base allows a use, to be joined with `verdict_spans`.

    Columns: situation_id, is_elector, verdict, decision, code_bits (`codes_of` reads them: whoever groups answers does so
    first), worst_code; of a row of `verdict_spans` the second is `is_elector(adult_on, $use_eligible_on::date)`. It answers
    for contacts without live facts, by all that the base knows (`knows_everything`).

    Args:
        use: what is asked.
        asked: all situations, or a relation with `situation_id` where only few are in question.
    """
    return macro_call_as_known(f"judge_situations('{checked_name(asked)}', ", use)


def knows_everything(connection: duckdb.DuckDBPyConnection, known_by: datetime) -> bool:
    """Return whether all that the base holds was known by then: only then do its spans answer as the judgement does."""
    row = connection.execute(
        "select count(*) from knowledge where complete_from > $known_by", {"known_by": naive_utc(known_by)}
    ).fetchone()
    return row == (0,)


def counts_everyone(connection: duckdb.DuckDBPyConnection, use: Use) -> bool:
    """Return whether the mart `situation_counts` can answer for a use.

    It holds the situations of the instant at which the newest file arrived, and what changes later.
    """
    row = connection.execute(sql_of(__file__, "counts_everyone"), {"moment": naive_utc(use.moment)}).fetchone()
    return row == (True,) and knows_everything(connection, use.known_by)


def lay_situations_of_everyone(connection: duckdb.DuckDBPyConnection, use: Use, relation: str) -> None:
    """Create the temporary table `relation`: how many contacts of the whole base are in which situation at the use's moment.

    Columns: situation_id, is_elector, sex, contacts; to be joined with `situations_sql`.

    Args:
        connection: an open base.
        use: of which `counts_everyone` is true.
        relation: name of the table.

    Raises:
        FiliationError: the name is not a plain lower-case identifier.
    """
    parameters = parameters_of(use)
    connection.execute(
        f"create or replace temp table {checked_name(relation)} as {sql_of(__file__, 'situations_of_everyone')}",
        {name: parameters[name] for name in ("use_moment", "use_eligible_on")},
    )
