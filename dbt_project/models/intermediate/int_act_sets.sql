-- An act of which all is said that is said of another one is never the better one, whatever the use: it only adds
-- its codes. So a set of acts is worth what its least ones are worth beside an act of which everything is said.
with

sets as (
    select distinct act_standing_ids
    from {{ ref('int_contacts__spans') }}
    where len(act_standing_ids) > 0
),

members as (
    select
        act_standing_ids,
        unnest(act_standing_ids) as standing_id
    from sets
),

standings as (
    select
        standing_id,
        kinds
    from {{ ref('int_standings') }}
    where standing_id in (select m.standing_id from members as m)
),

lesser as (
    select
        greater.standing_id,
        list(less.standing_id) as lesser_ids
    from standings as greater
    inner join standings as less
        on len(less.kinds) < len(greater.kinds) and list_has_all(greater.kinds, less.kinds)
    group by greater.standing_id
),

merged as (
    select
        members.act_standing_ids,
        list(members.standing_id) filter (
            where not coalesce(list_has_any(members.act_standing_ids, lesser.lesser_ids), false)
        ) as least_ids,
        {{ kinds_of_standing('flatten(list(standings.kinds))') }} as union_kinds
    from members
    inner join standings
        on members.standing_id = standings.standing_id
    left join lesser
        on members.standing_id = lesser.standing_id
    group by members.act_standing_ids
)

select
    act_standing_ids,
    union_kinds,
    {{ standing_id('union_kinds') }} as union_id,
    list_sort(list_distinct(list_append(least_ids, {{ standing_id('union_kinds') }}))) as worth_ids
from merged
