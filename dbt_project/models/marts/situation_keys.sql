{{ config(materialized="incremental", incremental_strategy="append") }}
-- By what it is made of the next build knows a situation again.
select distinct
    situation_id,
    own_standing_id,
    worth_key
from {{ ref('int_situations') }}
where is_new
