{{ config(materialized="incremental", incremental_strategy="append") }}
-- What a contact is judged by, its dates aside. One without a standing of an act has given nothing.
with

keys as (
    select distinct
        situation_id,
        own_standing_id,
        worth_ids
    from {{ ref('int_situations') }}
    where is_new
)

select
    situation_id,
    own_standing_id as standing_id
from keys
union all
select
    situation_id,
    unnest(worth_ids) as standing_id
from keys
order by situation_id
