-- How `territories.overlaps` counts addresses and adds surfaces of pairs of territories, and makes shares of them.

-- name: counted
create temp table counted (
    from_kind varchar,
    from_map varchar,
    from_code varchar,
    to_kind varchar,
    to_map varchar,
    to_code varchar,
    addresses bigint
);

-- name: measured
create temp table measured (
    from_kind varchar, from_map varchar, from_code varchar, to_kind varchar, to_map varchar, to_code varchar,
    surface double,
    from_surface double,
    to_surface double
);

-- Addresses of each pair; those in only one of the two have a null on the other side.
-- name: add_counted
insert into counted
select
    $from_kind,
    $from_map,
    a,
    $to_kind,
    $to_map,
    b,
    count(*)
from held_points
where a is not null or b is not null
group by a, b;

-- Bureaux of another commune meet only where two drawings of its border do; one that was merged is not another.
-- name: add_measured
insert into measured
select
    $from_kind,
    $from_map,
    a,
    $to_kind,
    $to_map,
    b,
    surface,
    a_surface,
    b_surface
from shared
left join today as today_a on split_part(a, '_', 1) = today_a.known_code
left join today as today_b on split_part(b, '_', 1) = today_b.known_code
where
    $to_kind <> 'bureau'
    or coalesce(today_a.commune_code, split_part(a, '_', 1)) = coalesce(today_b.commune_code, split_part(b, '_', 1));

-- A bureau whose larger parts all have addresses is told by them, any other by surface. Shares of the second territory
-- are of all its addresses, or of all its surface.
-- name: overlaps
with parts as (
    select
        *,
        surface / from_surface as share_of_from,
        surface / to_surface as share_of_to
    from measured
    where surface / from_surface >= $sliver or surface / to_surface >= $sliver
),

spoken as (
    select
        from_kind,
        from_map,
        from_code,
        to_kind,
        to_map
    from parts
    left join counted using (from_kind, from_map, from_code, to_kind, to_map, to_code)
    group by from_kind, from_map, from_code, to_kind, to_map
    having
        sum(counted.addresses) >= $enough_addresses
        and bool_and(counted.addresses is not null or parts.share_of_from < $larger_part)
),

by_addresses as (
    select
        *,
        addresses / sum(addresses) over (partition by from_kind, from_map, from_code, to_kind, to_map) as share_of_from,
        addresses / sum(addresses) over (partition by from_kind, from_map, to_kind, to_map, to_code) as share_of_to
    from counted
),

told as (
    select
        from_kind,
        from_map,
        from_code,
        to_kind,
        to_map,
        to_code,
        share_of_from,
        share_of_to,
        addresses::integer as addresses,
        'addresses' as rule
    from by_addresses
    semi join spoken using (from_kind, from_map, from_code, to_kind, to_map)
    where to_code is not null
    union all
    select
        from_kind,
        from_map,
        from_code,
        to_kind,
        to_map,
        to_code,
        share_of_from,
        share_of_to,
        null,
        'overlap'
    from parts
    anti join spoken using (from_kind, from_map, from_code, to_kind, to_map)
)

select
    *,
    $source_id as source_id,
    $vintage as vintage
from told
order by from_kind, from_map, from_code, to_kind, to_map, to_code;
