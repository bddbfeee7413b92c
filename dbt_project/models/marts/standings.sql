{{ config(materialized="incremental", incremental_strategy="append") }}
-- Few, however many contacts there are.
with

unions as (
    select
        standing_id,
        min(acts_key) as acts_key
    from {{ ref('int_act_sets__unions') }}
    where standing_id not in (select known.standing_id from {{ ref('int_standings') }} as known)
    group by standing_id
),

made as (
    select
        standing_id,
        kind_id
    from {{ ref('int_standings__kinds') }}
    union all
    select distinct
        unions.standing_id,
        kinds.kind_id
    from unions
    inner join {{ ref('int_act_sets__members') }} as members
        on unions.acts_key = members.acts_key
    inner join {{ ref('int_standings__kinds') }} as kinds
        on members.standing_id = kinds.standing_id
)

select
    standing_id,
    kind_id
from made
where {{ is_new_to(this, 'standing_id') }}
order by standing_id
