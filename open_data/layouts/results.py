"""Results per bureau as the ministry publishes them: 21 fields, then 7 per candidate on the same line.

Text (latin-1, `;`, a header that names one candidate block only) or Parquet with the same fields. Layouts with other
field counts (legislative 2024, municipal 2026) are layouts of their own.
Source: open-data README §3 b and §4 (department letters, bureau codes are text).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.delimited import first_line
from open_data.layouts.layout import Layout, check_columns, file_list, literal
from open_data.sources import Source
from stores.schemas import BUREAU_RESULTS, Table

#: Fields before the first candidate, and per candidate.
BASE_FIELDS = 21
BLOCK_FIELDS = 7

#: The ministry's letters for what INSEE numbers; ZX, ZZ and ZW (one constituency, no commune code) keep theirs.
DEPARTMENT_LETTERS: Mapping[str, str] = MappingProxyType(
    {"ZA": "97", "ZB": "97", "ZC": "97", "ZD": "97", "ZM": "97", "ZS": "97", "ZN": "98", "ZP": "98"}
)


def bureau_code_sql(department: str, commune: str, bureau: str) -> str:
    """Return SQL that makes a bureau code of three text fields: `ZA`, `101`, `0001` gives `97101_0001`.

    The fields have at most 2, 3 and 4 characters (`_check_codes`): lpad would cut longer ones.
    """
    letters = " ".join(f"when '{letter}' then '{code}'" for letter, code in DEPARTMENT_LETTERS.items())
    prefix = f"case {department} {letters} else {department} end"
    return f"{prefix} || lpad({commune}, 3, '0') || '_' || lpad({bureau}, 4, '0')"


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    if {path.suffix for path in paths} == {".parquet"}:
        _read_parquet(connection, source, paths)
    else:
        _read_text(connection, source, paths)
    _check_fields(connection)
    _check_codes(connection)
    results = f"""
        select {literal(source.election)} as election, {source.round} as round, bureau_code,
            {literal(source.bureau_map)} as map, registered, votes_cast, valid_votes,
            fields[{BASE_FIELDS} + 7 * block + 3] as candidate, fields[{BASE_FIELDS} + 7 * block + 5]::integer as votes
        from (
            select fields, {bureau_code_sql("fields[1]", "fields[5]", "fields[7]")} as bureau_code,
                fields[8]::integer as registered, fields[11]::integer as votes_cast, fields[19]::integer as valid_votes,
                unnest(range((len(fields) - {BASE_FIELDS}) // {BLOCK_FIELDS})) as block
            from result_lines
        )
        order by bureau_code, candidate
    """
    return {BUREAU_RESULTS: results}


def _read_text(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> None:
    for path in paths:
        check_columns(path, first_line(path, "latin-1").split(";"), source)
    # One column per line and a split on `;`: the header is shorter than the lines, and nothing is ever quoted.
    connection.execute(
        "create or replace temp table result_lines as select string_split(line, ';') as fields"
        f" from read_csv({file_list(paths)}, delim = '\x01', quote = '', escape = '', header = false, skip = 1,"
        " auto_detect = false, encoding = 'latin-1', columns = {line: 'VARCHAR'})"
    )


def _read_parquet(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> None:
    names = [row[0] for row in connection.execute(f"describe from read_parquet({file_list(paths)})").fetchall()]
    check_columns(paths[0], [re.sub(r"_\d+$", "", name) for name in names], source)
    listed = ", ".join(f'"{name}"' for name in names)
    connection.execute(
        "create or replace temp table result_lines as"
        f" select list_filter([{listed}], field -> field is not null) as fields from read_parquet({file_list(paths)})"
    )


def _check_fields(connection: duckdb.DuckDBPyConnection) -> None:
    _refuse(
        connection,
        f"len(fields) <= {BASE_FIELDS} or (len(fields) - {BASE_FIELDS}) % {BLOCK_FIELDS} <> 0",
        f"do not have {BASE_FIELDS} fields and {BLOCK_FIELDS} per candidate",
    )


def _check_codes(connection: duckdb.DuckDBPyConnection) -> None:
    _refuse(
        connection,
        "length(fields[1]) <> 2 or length(fields[5]) not between 1 and 3 or length(fields[7]) not between 1 and 4",
        "do not have a department, a commune and a bureau of 2, 3 and 4 characters",
    )


def _refuse(connection: duckdb.DuckDBPyConnection, condition: str, what: str) -> None:
    row = connection.execute(f"select count(*) from result_lines where {condition}").fetchone()
    if row and row[0]:
        raise SourceFailed(f"{row[0]} lines of the results {what}.", "Is it the announced layout?")


_BUREAUX = "(select distinct bureau_code, registered, votes_cast, valid_votes from shaped_bureau_results)"

MINISTRY_BUREAU_RESULTS = Layout(
    "ministry_bureau_results",
    1,
    (BUREAU_RESULTS,),
    _shape,
    needs=("election", "round", "bureau_map"),
    measures=MappingProxyType(
        {
            "bureaux": f"select count(*) from {_BUREAUX}",
            "registered": f"select sum(registered) from {_BUREAUX}",
            "votes_cast": f"select sum(votes_cast) from {_BUREAUX}",
            "valid_votes": f"select sum(valid_votes) from {_BUREAUX}",
            "votes": "select sum(votes) from shaped_bureau_results",
            "votes of MACRON": "select sum(votes) from shaped_bureau_results where candidate = 'MACRON'",
            "votes of LE PEN": "select sum(votes) from shaped_bureau_results where candidate = 'LE PEN'",
        }
    ),
)
