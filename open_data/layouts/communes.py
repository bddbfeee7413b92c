"""Communes with their postcodes: La Poste's file, and the JSON of `@etalab/decoupage-administratif` (COG and FIMOCT).

Movements of communes and former names are read by `commune_names`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from open_data.layouts.delimited import read_delimited
from open_data.layouts.layout import Layout, file_list
from open_data.sources import Source
from stores.schemas.column_classes import Table
from stores.schemas.territory_tables import COMMUNE_NAMES, COMMUNES


def _shape(connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]) -> Mapping[Table, str]:
    connection.execute(
        f"create or replace temp table cog as select * from read_json({file_list(paths)}, format = 'array',"
        " columns = {code: 'VARCHAR', nom: 'VARCHAR', type: 'VARCHAR', commune: 'VARCHAR',"
        " codesPostaux: 'VARCHAR[]'})"
    )
    # Paris, Lyon and Marseille list the postcodes of their arrondissements a second time: the arrondissement is kept.
    whole_cities = "select commune from cog where type = 'arrondissement-municipal'"
    communes = f"""
        select code as commune_code, unnest(codesPostaux) as postcode, nom as label
        from cog
        where type in ('commune-actuelle', 'arrondissement-municipal') and code not in ({whole_cities})
    """
    return {COMMUNES: communes}


COG_JSON = Layout("cog_json", 1, (COMMUNES,), _shape)


def _shape_la_poste(
    connection: duckdb.DuckDBPyConnection, source: Source, paths: Sequence[Path]
) -> Mapping[Table, str]:
    """019HexaSmal: a row per commune x postcode x line 5, which is often the name of a commune that was merged."""
    read_delimited(connection, "la_poste", source, paths, ";", encoding=_encoding(paths[0]))
    return {
        COMMUNES: f"""
            select "#Code_commune_INSEE" as commune_code, Code_postal as postcode, min(Nom_de_la_commune) as label
            from la_poste where {_NO_WHOLE_CITY} group by all
        """,
        COMMUNE_NAMES: f"""
            select distinct "#Code_commune_INSEE" as known_code, label, "#Code_commune_INSEE" as commune_code
            from (
                select *, unnest([Nom_de_la_commune, nullif(trim(Ligne_5), '')]) as label
                from la_poste where {_NO_WHOLE_CITY}
            )
            where label is not null
        """,
    }


#: Paris, Marseille and Lyon stand by their arrondissements.
_NO_WHOLE_CITY = "\"#Code_commune_INSEE\" not in ('75056', '13055', '69123')"


def _encoding(path: Path) -> str:
    """La Poste serves latin-1, mirrors serve UTF-8: what is no UTF-8 is latin-1."""
    try:
        path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


LA_POSTE_POSTCODES = Layout("la_poste_postcodes", 1, (COMMUNES, COMMUNE_NAMES), _shape_la_poste)
