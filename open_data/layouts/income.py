"""Filosofi, disposable income per IRIS (`;`, decimal comma or dot): the median, or why it is withheld.

Deciles and other indicators may join as columns; income per commune is another layout.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.delimited import header_of, read_delimited
from open_data.layouts.layout import Layout, literal
from open_data.sources import Source
from stores.schemas import IRIS_INCOME, Table

#: ns: not significant, nd: not available, so: without object, s: secret (INSEE, Filosofi 2021, IRIS).
WITHHELD = ("ns", "nd", "so", "s")
_MEDIAN = re.compile(r"DISP_MED\d\d")


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    read_delimited(connection, "income", source, paths, ";")
    medians = [label for label in header_of(paths[0], ";") if _MEDIAN.fullmatch(label)]
    if len(medians) != 1:
        raise SourceFailed(f"{paths[0].name} has {len(medians)} median columns.", "One DISP_MEDnn is expected.")
    reasons = ", ".join(literal(reason) for reason in WITHHELD)
    # A cell that is neither a number nor one of the published reasons fails the cast, and with it the source.
    income = f"""
        select IRIS as iris_code,
            case when median not in ({reasons}) then replace(median, ',', '.')::double end as median_euros,
            case when median in ({reasons}) then median end as missing_reason
        from (select IRIS, {medians[0]} as median from income)
    """
    return {IRIS_INCOME: income}


FILOSOFI_IRIS = Layout("filosofi_iris", 1, (IRIS_INCOME,), _shape)
