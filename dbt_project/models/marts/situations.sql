{{ config(materialized="incremental", incremental_strategy="append") }}
-- What a contact is judged by, its dates aside. One without a standing of an act has given nothing.
with

keys as (
    select distinct
        situation_id,
        own_standing_id,
        worth_key
    from {{ ref('int_situations') }}
    where is_new
)

select
    situation_id,
    own_standing_id as standing_id
from keys
union all
select
    keys.situation_id,
    worths.standing_id
from keys
inner join {{ ref('int_worths') }} as worths
    on keys.worth_key = worths.worth_key
order by situation_id
