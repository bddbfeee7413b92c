-- How `territories.roll` finds the roll's bureau of each address.

-- BAN writes `_b` today where it wrote `_bis` when the roll was geocoded.
-- name: roll_id
create or replace temp macro roll_id(address_id) as
regexp_replace(regexp_replace(regexp_replace(lower(address_id), '_bis$', '_b'), '_ter$', '_t'), '_quater$', '_q');

-- name: roll
create or replace temp table roll as
with pairs as (
    select
        map,
        reu_id,
        min_by(bureau_code, (coalesce(precedence, 1), source_id)) as bureau_code
    from bureaux
    where reu_id is not null
    group by all
)

select
    map,
    coalesce(pairs.bureau_code, reu_addresses.bureau_code) as code,
    roll_id(address_id) as ban_id,
    round(lon, $same_point) as lon,
    round(lat, $same_point) as lat,
    greatest(coalesce(addresses, 1), 1) as weight
from reu_addresses left join pairs using (map, reu_id)
where geo_type = 'housenumber' and coalesce(geo_score, 1) >= $sure_from;

-- name: rolled
create or replace temp table rolled as
with asked as (
    select
        address_id,
        roll_id(address_id) as ban_id,
        round(lon, $same_point) as lon,
        round(lat, $same_point) as lat
    from points
),

by_id as (
    select
        asked.address_id,
        map,
        code,
        weight
    from asked inner join roll using (ban_id)
),

by_point as (
    select
        asked.address_id,
        map,
        code,
        weight
    from asked inner join roll using (lon, lat)
    anti join by_id on asked.address_id = by_id.address_id and roll.map = by_id.map
),

told as (
    select
        address_id,
        map,
        code,
        sum(weight) as weight
    from (
        select * from by_id
        union all
        select * from by_point
    )
    group by all
)

select
    address_id,
    map,
    code,
    weight / sum(weight) over (partition by address_id, map) as weight
from told;
