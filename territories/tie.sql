-- How `territories.tie` makes the ties of addresses, from what `territories.addresses` matched and the contours hold.

-- name: wanted
create temp table wanted as
select
    address_key,
    min(street) as street,
    min(postcode) as postcode,
    min(city) as city,
    min(country) as country
from addresses
group by address_key;

-- name: street_houses
create temp table street_houses as
select distinct
    street_id,
    address_id
from houses
where street_id in (select street_id from candidate_streets);

-- name: points
create temp table points as
select
    address_id,
    lon,
    lat
from ban
where address_id in (
    select address_id from matches
    where address_id is not null
    union
    select address_id from candidate_houses
    union
    select address_id from street_houses
);

-- One row per address x map, new ones first, then those taken over. The roll goes before the contours. A BAN address
-- on the border of two bureaux, like one that is not settled, keeps both as candidates and states neither. A street
-- without its number is what its houses are, counted once per street and not per address.
-- name: ties
with maps as (
    select distinct map from contours
    where kind = 'bureau'
    union
    select distinct map from reu_addresses
),

possible_houses as (
    select
        address_key,
        address_id,
        1.0 as weight
    from matches
    where address_id is not null
    union all
    select
        address_key,
        address_id,
        1.0 / count(*) over (partition by address_key)
    from candidate_houses
),

bureaux_told as (
    select
        address_id,
        map,
        code,
        weight,
        'reu_table' as rule
    from rolled
    union all
    select
        address_id,
        map,
        code,
        1.0 / count(*) over (partition by address_id, map),
        'contour'
    from located anti join rolled using (address_id, map)
    where kind = 'bureau'
),

street_shares as (
    select
        street_id,
        map,
        code,
        sum(weight) as weight,
        bool_and(rule = 'reu_table') as is_by_roll
    from street_houses inner join bureaux_told using (address_id)
    group by all
),

possible_streets as (
    select
        address_key,
        street_id,
        sum(houses) over (partition by address_key) as houses
    from candidate_streets
    inner join (select
        street_id,
        count(*) as houses
    from street_houses
    group by street_id) using (street_id)
),

shares as (
    select
        address_key,
        map,
        code,
        sum(possible_houses.weight * bureaux_told.weight) as weight,
        bool_and(rule = 'reu_table') as is_by_roll
    from possible_houses inner join bureaux_told using (address_id)
    group by all
    union all
    select
        address_key,
        map,
        code,
        sum(weight / houses),
        bool_and(is_by_roll)
    from possible_streets inner join street_shares using (street_id)
    group by all
),

bureaux_of as (
    select
        address_key,
        map,
        max_by(code, weight) as code,
        max(weight) as weight,
        count(*) as bureaux,
        case when bool_and(is_by_roll) then 'reu_table' else 'contour' end as rule,
        list({ 'bureau_code': code, 'weight': round(weight, 4) } order by weight desc, code asc) as candidates
    from shares
    group by all
),

iris_of as (
    select
        address_id,
        min(code) as code
    from located
    where kind = 'iris'
    group by all
    having count(distinct code) = 1
),

made as (
    select
        matches.address_key,
        maps.map,
        matches.address_id,
        matches.commune_code,
        case
            when matches.address_id is not null and bureaux_of.weight * matches.match_confidence >= $stated_from
                then bureaux_of.code
        end as bureau_code,
        iris_of.code as iris_code,
        matches.match_kind,
        matches.match_confidence,
        case when matches.address_id is null or bureaux > 1 then bureaux_of.candidates end as candidates,
        coalesce(bureaux_of.rule, 'none') as tied_by
    from matches
    cross join maps
    left join bureaux_of on matches.address_key = bureaux_of.address_key and maps.map = bureaux_of.map
    left join iris_of on matches.address_id = iris_of.address_id
)

select
    address_key,
    map,
    address_id,
    commune_code,
    bureau_code,
    iris_code,
    match_kind,
    match_confidence,
    candidates,
    tied_by
from (
    select * from made
    union all by name
    select * from known_ties semi join wanted using (address_key)
)
order by address_key, map;
