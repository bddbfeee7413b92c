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
from open_data.layouts.delimited import header_of
from open_data.layouts.layout import Layout, check_columns, literal
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import COMMUNE_NAMES

#: What tells the three files apart, whatever they are called.
_TELLING = {"movements": "COM_AV", "communes": "TYPECOM", "overseas": "COM_COMER"}


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    for name, path in _sorted_out(source, paths).items():
        connection.execute(
            f"create or replace temp table cog_{name} as select * from read_csv({literal(path)}, delim = ',',"
            " quote = '\"', header = true, all_varchar = true, null_padding = false, ignore_errors = false)"
        )
    connection.execute(
        """
        create or replace temp table cog_present as
        select COM as code, LIBELLE as label from cog_communes where TYPECOM in ('COM', 'ARM')
        union all
        select COM_COMER, LIBELLE from cog_overseas where NATURE_ZONAGE = 'COM'
        """
    )
    connection.execute(_SUCCESSORS)
    return {COMMUNE_NAMES: _NAMES}


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


#: A code that is no commune today became what its last movement made of it, and so on: several where it was divided.
_SUCCESSORS = """
    create or replace temp table cog_successors as
    with recursive moves as (
        select COM_AV as from_code, COM_AP as to_code
        from cog_movements
        where TYPECOM_AP = 'COM' and COM_AV <> COM_AP and COM_AV not in (select code from cog_present)
        qualify DATE_EFF = max(DATE_EFF) over (partition by COM_AV)
    ),
    followed as (
        select from_code as known_code, to_code as code from moves
        union
        select followed.known_code, moves.to_code from followed inner join moves on followed.code = moves.from_code
    )
    select known_code, code as commune_code from followed where code in (select code from cog_present)
"""

#: Left Guadeloupe in 2007 as collectivities of their own; the file of movements does not tell it.
_SECEDED = "(values ('97123', 'Saint-Barthélemy', '97701'), ('97127', 'Saint-Martin', '97801'))"

_NAMES = f"""
    with of_the_past as (
        select COM_AV as known_code, LIBELLE_AV as label from cog_movements where TYPECOM_AV in ('COM', 'COMA', 'COMD')
        union
        select COM_AP, LIBELLE_AP from cog_movements where TYPECOM_AP in ('COM', 'COMA', 'COMD')
    ),
    told as (
        select code as known_code, label, code as commune_code from cog_present
        union
        select COM, LIBELLE, COMPARENT from cog_communes where TYPECOM in ('COMA', 'COMD')
        union
        select known_code, label, known_code from of_the_past where known_code in (select code from cog_present)
        union
        select known_code, label, commune_code from of_the_past inner join cog_successors using (known_code)
        union
        from {_SECEDED}
    )
    select * from told where label is not null order by known_code, commune_code, label
"""

COG_NAMES = Layout("cog_names", 1, (COMMUNE_NAMES,), _shape)
