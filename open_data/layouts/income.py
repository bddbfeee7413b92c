"""Filosofi, income per IRIS and per commune (`;`, decimal comma or dot, or Parquet): the median, or why it is withheld.

Other indicators, such as deciles, are not read. The income of a bureau is estimated in `dbt_project`.
Source: open-data README §3 a.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.delimited import header_of, read_delimited
from open_data.layouts.layout import Layout, check_columns, file_list
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import COMMUNE_INCOME, IRIS_INCOME
from stores.sql_files import sql_of

_IRIS_MEDIAN = re.compile(r"DISP_MED\d\d")
_COMMUNE_MEDIAN = re.compile(r"Q2\d\d|MED\d\d|MED_SL")


def _shape_iris(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    _create_told(connection, "IRIS", _read(connection, source, paths, _IRIS_MEDIAN))
    return {IRIS_INCOME: sql_of(__file__, "iris_income")}


def _shape_commune(
    concept: str, code: str, connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]
) -> Mapping[Table, str]:
    _create_told(connection, code, _read(connection, source, paths, _COMMUNE_MEDIAN))
    connection.execute("set variable concept = $concept", {"concept": concept})
    return {COMMUNE_INCOME: sql_of(__file__, "commune_income")}


def _read(
    connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path], pattern: re.Pattern[str]
) -> str:
    """Create `income` with every column as text and return the name of its median's."""
    if paths[0].suffix == ".parquet":
        connection.execute(
            f"create or replace temp table income as select columns(*)::varchar from read_parquet({file_list(paths)})"
        )
        labels = [str(row[0]) for row in connection.execute("describe income").fetchall()]
        check_columns(paths[0], labels, source)
    else:
        read_delimited(connection, "income", source, paths, ";")
        labels = header_of(paths[0], ";")
    medians: list[str] = [label for label in labels if pattern.fullmatch(label)]
    if len(medians) != 1:
        raise SourceFailed(f"{paths[0].name} has {len(medians)} median columns.", f"One {pattern.pattern} is expected.")
    return medians[0]


def _create_told(connection: duckdb.DuckDBPyConnection, code: str, median: str) -> None:
    """Create `told`: what the two columns of `income` say of each code."""
    connection.execute(
        f'create or replace temp view medians as select "{code}" as code, "{median}" as median from income'
    )
    connection.execute(sql_of(__file__, "told"))


FILOSOFI_IRIS = Layout("filosofi_iris", 2, (IRIS_INCOME,), _shape_iris)
FILOSOFI_COMMUNE_DECLARED = Layout(
    "filosofi_commune_declared", 1, (COMMUNE_INCOME,), partial(_shape_commune, "declared", "CODGEO")
)
FILOSOFI_COMMUNE_DISPOSABLE = Layout(
    "filosofi_commune_disposable", 1, (COMMUNE_INCOME,), partial(_shape_commune, "disposable", "CODGEO")
)
FILOSOFI_COMMUNE_PIVOT = Layout(
    "filosofi_commune_pivot", 1, (COMMUNE_INCOME,), partial(_shape_commune, "disposable", "code")
)
