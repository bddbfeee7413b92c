"""Results per bureau in long form, two Parquet files: bureaux (`…_territoires`) and candidates (`…_candidats`).

A third party makes them from the ministry's files; they are used where those are missing (`precedence` of the source).
The ministry's own layouts are `until_2022` and `numbered`. Source: open-data README §3 b.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.layout import Layout, check_columns, literal
from open_data.layouts.results.result_rows import MEASURES, NEEDS, create_macros, refuse_lines, select_results
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import BUREAU_RESULTS
from stores.sql_files import sql_of


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    candidates, bureaux = _file(paths, "candidats"), _file(paths, "territoires")
    names = [
        row[0]
        for path in (candidates, bureaux)
        for row in connection.execute(f"describe from read_parquet({literal(path)})").fetchall()
    ]
    check_columns(bureaux, names, source)
    files = {"candidates": str(candidates), "bureaux": str(bureaux)}
    connection.execute(sql_of(__file__, "result_lines"), files)
    refuse_lines(connection, "result_lines", "inscrits is null", "are of a bureau without totals")
    refuse_lines(connection, "result_lines", "not regexp_full_match(code, '.{5}_.{1,4}')", "have a strange bureau code")
    create_macros(connection)
    connection.execute(sql_of(__file__, "result_rows"))
    return {BUREAU_RESULTS: select_results(connection, source)}


def _file(paths: Sequence[Path], kind: str) -> Path:
    found = [path for path in paths if path.stem.endswith(f"_{kind}")]
    if len(found) != 1:
        raise SourceFailed(
            f"{len(found)} files are called …_{kind}.", "One of candidats and one of territoires belong."
        )
    return found[0]


LONG_BUREAU_RESULTS = Layout("long_bureau_results", 1, (BUREAU_RESULTS,), _shape, needs=NEEDS, measures=MEASURES)
