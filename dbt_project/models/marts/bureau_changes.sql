-- What became of each bureau of an older map that a newer map no longer has as it was: a reservation under its code
-- means other people there.
with

parts as (
    select * from {{ ref('bureau_crosswalk') }}
    where share_of_from >= 0.05
),

maps as (
    select distinct
        from_map,
        to_map
    from parts
),

told as (
    select
        from_map,
        from_code,
        to_map,
        list(to_code order by share_of_from desc, to_code asc) as to_codes,
        coalesce(sum(share_of_from) filter (where to_code = from_code), 0) as share_kept,
        case
            when count(*) = 1 then any_value(change)
            when bool_or(change = 'split') then 'split'
            else 'redrawn'
        end as change
    from parts
    group by from_map, from_code, to_map
),

newer as (
    select distinct
        map,
        commune_code
    from {{ ref('bureaux') }}
),

gone as (
    select
        bureaux.map as from_map,
        bureaux.bureau_code as from_code,
        maps.to_map,
        cast([] as varchar[]) as to_codes,
        0 as share_kept,
        'gone' as change
    from {{ ref('bureaux') }} as bureaux
    inner join maps
        on bureaux.map = maps.from_map
    inner join newer
        on
            maps.to_map = newer.map
            and bureaux.commune_code = newer.commune_code
    left join told
        on
            bureaux.map = told.from_map
            and bureaux.bureau_code = told.from_code
            and maps.to_map = told.to_map
    where told.from_code is null
)

select
    from_map,
    from_code as bureau_code,
    to_map,
    change,
    to_codes,
    share_kept
from told
where change <> 'same'
union all
select
    from_map,
    from_code as bureau_code,
    to_map,
    change,
    to_codes,
    share_kept
from gone
