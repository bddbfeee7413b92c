"""Communes of today with their postcodes, from the JSON of `@etalab/decoupage-administratif` (COG and FIMOCT).

Movements of communes and names of the past are not here yet: they are a source of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from open_data.layouts.layout import Layout, file_list
from open_data.sources import Source
from stores.schemas import COMMUNES, Table


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
