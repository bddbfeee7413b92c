"""Results of every election since 1999 in two files of data.gouv: candidates per bureau, and totals per bureau.

Of its millions of lines a source takes those of its `id_election` (`2026_muni_t2`). The two files are of different
generations: the names of totals have capitals and accents in one, small letters in the other. The ministry's own
layouts are `until_2022` and `numbered`. Source: open-data README §5 (data.gouv aggregate).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.delimited import cells_sql, header_of
from open_data.layouts.layout import Layout, check_columns
from open_data.layouts.results.result_rows import MEASURES, NEEDS, create_macros, refuse_lines, select_results
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import BUREAU_RESULTS
from stores.sql_files import checked_name, sql_of

_TOTALS = ("inscrits", "votants", "exprimes")


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    candidates, bureaux = _file(paths, "candidats"), _file(paths, "general")
    columns = header_of(bureaux, ";")
    check_columns(candidates, [*header_of(candidates, ";"), *columns], source)
    totals = ", ".join(f'"{_column(bureaux, columns, name)}" as {name}' for name in _TOTALS)
    _read(connection, "candidate_lines", candidates, source, "*")
    _read(connection, "bureau_lines", bureaux, source, f"id_brut_miom, {totals}")
    connection.execute(sql_of(__file__, "result_lines"))
    refuse_lines(connection, "result_lines", "inscrits is null", "are of a bureau without totals")
    refuse_lines(
        connection, "result_lines", "not regexp_full_match(id_brut_miom, '.{5}_.{1,4}')", "have a strange bureau code"
    )
    create_macros(connection)
    connection.execute(sql_of(__file__, "result_rows"))
    return {BUREAU_RESULTS: select_results(connection, source)}


def _read(connection: duckdb.DuckDBPyConnection, relation: str, path: Path, source: Source, columns: str) -> None:
    """Create `relation` with the lines of the source's election; a file of gigabytes is passed through, not kept."""
    lines = f"select {columns} from {cells_sql([path], ';')} where id_election = $election"
    connection.execute(
        f"create or replace temp table {checked_name(relation)} as {lines}", {"election": source.id_election}
    )


def _column(path: Path, columns: Sequence[str], name: str) -> str:
    """Return the file's own spelling of a column, whatever its capitals and accents."""
    for column in columns:
        if unicodedata.normalize("NFD", column).encode("ascii", "ignore").decode().lower() == name:
            return column
    raise SourceFailed(f"{path.name} lacks the column {name}.", "Is it the announced file?")


def _file(paths: Sequence[Path], kind: str) -> Path:
    found = [path for path in paths if path.name.startswith(f"{kind}_results")]
    if len(found) != 1:
        raise SourceFailed(
            f"{len(found)} files are called {kind}_results.", "One of candidats and one of general belong."
        )
    return found[0]


AGGREGATED_BUREAU_RESULTS = Layout(
    "aggregated_bureau_results", 1, (BUREAU_RESULTS,), _shape, needs=(*NEEDS, "id_election"), measures=MEASURES
)
