"""The electoral roll's own tables (INSEE, REU): addresses with their bureau, and bureaux; Parquet or CSV.

The roll numbers bureaux in its own way: `29039_1` is the ministry's `29039_0001`. Its table of bureaux gives the pair
(`id_brut_miom`); where that is missing or blank, the number is padded. Matching its addresses with BAN's belongs to
`territories.roll`. Source: open-data README §3 c and §5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from open_data.layouts.delimited import header_of, read_delimited
from open_data.layouts.layout import Layout, check_columns, file_list, set_variables
from open_data.layouts.results.result_rows import create_macros, refuse_lines
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import BUREAUX, REU_ADDRESSES
from stores.sql_files import sql_of

#: Columns of table-adresses-reu that an extract may lack: without them rows are tied by their position.
_OPTIONAL = ("id",)


def _read(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> None:
    """Create `roll`: every column of the file as text, and `position`; and what its statements read."""
    set_variables(connection, source)
    create_macros(connection)
    connection.execute(sql_of(__file__, "city_of"))
    connection.execute(sql_of(__file__, "number_in_city"))
    connection.execute(sql_of(__file__, "bureau_of_roll"))
    if paths[0].suffix == ".parquet":
        read = f"read_parquet({file_list(paths)})"
        labels = [str(row[0]) for row in connection.execute(f"describe from {read}").fetchall()]
        check_columns(paths[0], labels, source)
        connection.execute(f"create or replace temp table roll_text as select columns(*)::varchar from {read}")
    else:
        read_delimited(connection, "roll_text", source, paths, ",")
        labels = header_of(paths[0], ",")
    absent = "".join(f", null::varchar as {name}" for name in _OPTIONAL if name not in labels)
    connection.execute(
        f"create or replace temp table roll as select *{absent}, row_number() over () as position from roll_text"
    )
    refuse_lines(
        connection, "roll", "not regexp_full_match(id_brut_bv_reu, '[0-9A-Z]{5}_.{1,4}')", "have a strange bureau"
    )


def _shape_addresses(
    connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]
) -> Mapping[Table, str]:
    _read(connection, source, paths)
    return {REU_ADDRESSES: sql_of(__file__, "addresses"), BUREAUX: sql_of(__file__, "bureaux_of_addresses")}


def _shape_bureaux(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    _read(connection, source, paths)
    return {BUREAUX: sql_of(__file__, "bureaux")}


REU_ADDRESSES_TABLE = Layout("reu_addresses", 1, (REU_ADDRESSES, BUREAUX), _shape_addresses, needs=("bureau_map",))
REU_BUREAUX_TABLE = Layout("reu_bureaux", 1, (BUREAUX,), _shape_bureaux, needs=("bureau_map",))
