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
from open_data.layouts.layout import Layout, check_columns, file_list, literal
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import COMMUNE_INCOME, IRIS_INCOME

#: ns: not significant, nd: not available, so: without object, s: secret (INSEE, Filosofi 2021, IRIS).
WITHHELD = ("ns", "nd", "so", "s")
#: A cell that is empty, as in copies of the base of 2018: the value is withheld, the file does not say why.
BLANK = "blank"
_IRIS_MEDIAN = re.compile(r"DISP_MED\d\d")
_COMMUNE_MEDIAN = re.compile(r"Q2\d\d|MED\d\d|MED_SL")


def _shape_iris(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    median = _read(connection, source, paths, _IRIS_MEDIAN)
    return {IRIS_INCOME: f"select IRIS as iris_code, {_value(median)} from income"}


def _shape_commune(
    concept: str, code: str, connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]
) -> Mapping[Table, str]:
    median = _read(connection, source, paths, _COMMUNE_MEDIAN)
    # INSEE's file of 2021 ends with a line of nothing but delimiters.
    return {
        COMMUNE_INCOME: f"select {code} as commune_code, {literal(concept)} as concept, {_value(median)} from income"
        f" where coalesce({code}, {median}) is not null"
    }


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


def _value(median: str) -> str:
    """Return SQL of median_euros and missing_reason.

    A cell that is neither a number nor one of the published reasons fails the cast, and with it the source.
    """
    reasons = ", ".join(literal(reason) for reason in WITHHELD)
    cell = f"nullif(trim({median}), '')"
    return f"""
        case when {cell} not in ({reasons}) then replace({cell}, ',', '.')::double end as median_euros,
        case when {cell} is null then {literal(BLANK)} when {cell} in ({reasons}) then {cell} end as missing_reason
    """


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
