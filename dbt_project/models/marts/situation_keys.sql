{{ config(materialized="incremental", incremental_strategy="append") }}
-- By these sums the next build knows a situation again.
select
    situation_id,
    situation_key,
    control_key
from {{ ref('int_situations') }}
where is_new
