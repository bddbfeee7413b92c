"""INSEE's code officiel géographique: the codes and names, past and present, of each commune of today.

Three files of one year: communes (with those delegated and associated), those of the overseas collectivities, and
movements since 1943. Postcodes are read by `communes`. Source: open-data README §3 e; modalities as in INSEE's notice
of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from open_data.failures import SourceFailed
from open_data.layouts.delimited import cells_sql, header_of
from open_data.layouts.layout import Layout, check_columns
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import COMMUNE_NAMES
from stores.sql_files import checked_name, sql_of

#: What tells the three files apart, whatever they are called.
_TELLING = {"movements": "COM_AV", "communes": "TYPECOM", "overseas": "COM_COMER"}


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    for name, path in _sorted_out(source, paths).items():
        cells = cells_sql([path], ",")
        connection.execute(f"create or replace temp table {checked_name(f'cog_{name}')} as from {cells}")
    connection.execute(sql_of(__file__, "cog_present"))
    connection.execute(sql_of(__file__, "cog_successors"))
    return {COMMUNE_NAMES: sql_of(__file__, "names")}


def _sorted_out(source: Source, paths: Sequence[Path]) -> Mapping[str, Path]:
    headers = {path: header_of(path, ",") for path in paths}
    labels = [label for header in headers.values() for label in header]
    check_columns(paths[0], labels, source)
    found = {
        name: [path for path, header in headers.items() if telling in header] for name, telling in _TELLING.items()
    }
    for name, files in found.items():
        if len(files) != 1:
            raise SourceFailed(f"{len(files)} files hold the {name} of {source.source_id}.", "One of each belongs.")
    return {name: files[0] for name, files in found.items()}


COG_NAMES = Layout("cog_names", 1, (COMMUNE_NAMES,), _shape)
