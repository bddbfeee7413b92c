"""Communes with their postcodes: La Poste's file, and the JSON of `@etalab/decoupage-administratif` (COG and FIMOCT).

Movements of communes and former names are read by `commune_names`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from open_data.layouts.delimited import read_delimited
from open_data.layouts.layout import Layout
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import COMMUNE_NAMES, COMMUNES
from stores.sql_files import sql_of


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    connection.execute(sql_of(__file__, "cog"), {"files": [str(path) for path in paths]})
    return {COMMUNES: sql_of(__file__, "communes")}


COG_JSON = Layout("cog_json", 1, (COMMUNES,), _shape)


def _shape_la_poste(
    connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]
) -> Mapping[Table, str]:
    """019HexaSmal: a row per commune x postcode x line 5, which is often the name of a commune that was merged."""
    read_delimited(connection, "la_poste", source, paths, ";", encoding=_encoding(paths[0]))
    return {
        COMMUNES: sql_of(__file__, "postcodes_of_la_poste"),
        COMMUNE_NAMES: sql_of(__file__, "names_of_la_poste"),
    }


def _encoding(path: Path) -> str:
    """La Poste serves latin-1, mirrors serve UTF-8: what is no UTF-8 is latin-1."""
    try:
        path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


LA_POSTE_POSTCODES = Layout("la_poste_postcodes", 1, (COMMUNES, COMMUNE_NAMES), _shape_la_poste)
