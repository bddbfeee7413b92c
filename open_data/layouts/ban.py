"""Base Adresse Nationale, CSV per department (23 columns, `;`, UTF-8, decimal dot): addresses and postcodes.

Street names are kept as published; `territories.words` normalises them for matching.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from open_data.layouts.delimited import read_delimited
from open_data.layouts.layout import Layout
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import BAN_ADDRESSES, COMMUNES
from stores.sql_files import sql_of


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    read_delimited(connection, "ban", source, paths, ";")
    return {BAN_ADDRESSES: sql_of(__file__, "addresses"), COMMUNES: sql_of(__file__, "communes")}


BAN_CSV = Layout("ban_csv", 2, (BAN_ADDRESSES, COMMUNES), _shape)
