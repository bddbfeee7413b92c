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

#: An address may be published with several positions: the door is nearest to where a person lives.
_BEST_POSITION = "case type_position when 'entrée' then 0 when 'bâtiment' then 1 else 2 end, lon, lat"


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    read_delimited(connection, "ban", source, paths, ";")
    addresses = f"""
        select id as address_id, nullif(numero, '')::integer as number, nullif(rep, '') as suffix,
            nom_voie as street, code_postal as postcode, code_insee as commune_code, nom_commune as commune_label,
            nullif(code_insee_ancienne_commune, '') as former_code, nullif(nom_ancienne_commune, '') as former_label,
            nullif(lon, '')::double as lon, nullif(lat, '')::double as lat
        from ban
        qualify row_number() over (partition by id order by {_BEST_POSITION}) = 1
        order by commune_code, address_id
    """
    communes = """
        select code_insee as commune_code, code_postal as postcode, min(nom_commune) as label
        from ban where code_postal <> '' group by all
    """
    return {BAN_ADDRESSES: addresses, COMMUNES: communes}


BAN_CSV = Layout("ban_csv", 2, (BAN_ADDRESSES, COMMUNES), _shape)
