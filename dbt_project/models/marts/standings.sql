{{ config(materialized="incremental", incremental_strategy="append") }}
-- Few, however many contacts there are.
with

made as (
    select
        standing_id,
        kinds
    from {{ ref('int_standings') }}
    union
    select
        union_id,
        union_kinds
    from {{ ref('int_act_sets') }}
)

select
    standing_id,
    unnest(kinds) as kind_id
from made
where {{ is_new_to(this, 'standing_id') }}
order by standing_id
