"""The electoral roll's table: which bureau it gives to each BAN address, by BAN id, else by the same point.

It is used before contours. Loading the table belongs to `open_data.layouts.roll`; choosing addresses, and contours
where the roll has no row, to `territories.tie`.
"""

from __future__ import annotations

import duckdb

#: Rows that were geocoded worse, or to no house, tell nothing of a house. Policy.
SURE_FROM = 0.7
#: Five decimals of a degree are a metre: two houses do not stand on it.
_SAME_POINT = 5

#: BAN writes `_b` today where it wrote `_bis` when the roll was geocoded.
_ID = "regexp_replace(regexp_replace(regexp_replace(lower({}), '_bis$', '_b'), '_ter$', '_t'), '_quater$', '_q')"


def read_roll(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `rolled` (address_id, map, code, weight): the roll's bureaux of each of `points`, weights summing to 1.

    Reads `points` (address_id, lon, lat), `reu_addresses` and `bureaux` (columns of the lake's tables). Two bureaux at
    one address are both kept, weighted by the roll's addresses of each.
    """
    connection.execute(
        f"""
        create or replace temp table roll as
        with pairs as (
            select map, reu_id, min_by(bureau_code, (coalesce(precedence, 1), source_id)) as bureau_code
            from bureaux where reu_id is not null group by all
        )
        select map, coalesce(pairs.bureau_code, reu_addresses.bureau_code) as code, {_ID.format("address_id")} as ban_id,
            round(lon, {_SAME_POINT}) as lon, round(lat, {_SAME_POINT}) as lat, greatest(coalesce(addresses, 1), 1) as weight
        from reu_addresses left join pairs using (map, reu_id)
        where geo_type = 'housenumber' and coalesce(geo_score, 1) >= {SURE_FROM}
        """
    )
    connection.execute(
        f"""
        create or replace temp table rolled as
        with asked as (
            select address_id, {_ID.format("address_id")} as ban_id, round(lon, {_SAME_POINT}) as lon,
                round(lat, {_SAME_POINT}) as lat
            from points
        ),
        by_id as (
            select asked.address_id, map, code, weight from asked inner join roll using (ban_id)
        ),
        by_point as (
            select asked.address_id, map, code, weight
            from asked inner join roll using (lon, lat)
            anti join by_id on asked.address_id = by_id.address_id and roll.map = by_id.map
        ),
        told as (
            select address_id, map, code, sum(weight) as weight
            from (select * from by_id union all select * from by_point)
            group by all
        )
        select address_id, map, code, weight / sum(weight) over (partition by address_id, map) as weight from told
        """
    )
