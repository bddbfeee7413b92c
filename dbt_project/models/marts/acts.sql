{{ config(materialized="incremental", incremental_strategy="append", pre_hook="{{ forget_touched(this) }}") }}
select
    delivery_id,
    line_number,
    contact_id,
    partner_id,
    feed_id,
    claim_id,
    consented_at,
    exported_at,
    received_at
from {{ ref('int_acts') }}
where {{ is_touched('contact_id') }}
order by contact_id
