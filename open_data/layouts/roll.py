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
from open_data.layouts.layout import Layout, check_columns, file_list, literal
from open_data.layouts.results.result_rows import department_sql, refuse_lines
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import BUREAUX, REU_ADDRESSES

#: An arrondissement votes in its city's bureaux, whose four characters begin with its number.
_CITY = (
    "case when {commune} like '751__' then '75056' when {commune} like '132__' then '13055'"
    " when {commune} like '6938_' then '69123' else {commune} end"
)
#: Columns of table-adresses-reu that an extract may lack: without them rows are tied by their position.
_OPTIONAL = ("id",)


def bureau_of_roll(reu_id: str) -> str:
    """Return SQL that pads an id of the roll to a bureau_code; `75111_4` gives `75056_1104`, as `75056_1104` does."""
    commune, number = f"split_part({reu_id}, '_', 1)", f"substr({reu_id}, strpos({reu_id}, '_') + 1)"
    city = _CITY.format(commune=commune)
    # 75111 is Paris 11, 13208 Marseille 08, 69383 Lyon 03.
    within = f"case when {commune} like '69%' then '0' || right({commune}, 1) else right({commune}, 2) end"
    return (
        f"case when {city} <> {commune} and length({number}) <= 2"
        f" then {city} || '_' || {within} || lpad({number}, 2, '0')"
        f" else {city} || '_' || lpad({number}, 4, '0') end"
    )


def _read(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> None:
    """Create `roll`: every column of the file as text, and `position`."""
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
    map_name = literal(source.bureau_map)
    addresses = f"""
        select {map_name} as map, position, id_brut_bv_reu as reu_id, {bureau_of_roll("id_brut_bv_reu")} as bureau_code,
            code_commune_ref as commune_code, lower(nullif(trim(id), '')) as address_id, geo_type,
            nullif(geo_score, '')::double as geo_score, nullif(longitude, '')::double as lon,
            nullif(latitude, '')::double as lat, nullif(nb_adresses, '')::double::integer as addresses
        from roll
        order by bureau_code, address_id, position
    """
    bureaux = f"""
        select {bureau_of_roll("id_brut_bv_reu")} as bureau_code, {map_name} as map,
            split_part(bureau_code, '_', 1) as commune_code, min(id_brut_bv_reu) as reu_id, null as label
        from roll group by bureau_code
    """
    return {REU_ADDRESSES: addresses, BUREAUX: bureaux}


def _shape_bureaux(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    _read(connection, source, paths)
    # The ministry writes ZA101 where INSEE writes 97101.
    miom = f"{department_sql('id_brut_miom[1:2]')} || id_brut_miom[3:5] || '_' || lpad(id_brut_miom[7:], 4, '0')"
    paired = "regexp_full_match(coalesce(id_brut_miom, ''), '.{5}_.{1,4}')"
    return {
        BUREAUX: f"""
            select case when {paired} then {miom} else {bureau_of_roll("id_brut_bv_reu")} end as bureau_code,
                {literal(source.bureau_map)} as map, split_part(bureau_code, '_', 1) as commune_code,
                id_brut_bv_reu as reu_id, nullif(trim(libelle_reu), '') as label
            from roll
            where coalesce(id_brut_bv_reu, '') <> ''
            qualify row_number() over (partition by bureau_code order by nb_adresses_final::double desc nulls last, position) = 1
        """
    }


REU_ADDRESSES_TABLE = Layout("reu_addresses", 1, (REU_ADDRESSES, BUREAUX), _shape_addresses, needs=("bureau_map",))
REU_BUREAUX_TABLE = Layout("reu_bureaux", 1, (BUREAUX,), _shape_bureaux, needs=("bureau_map",))
