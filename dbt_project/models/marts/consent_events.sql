{{ config(materialized="incremental", incremental_strategy="append", pre_hook="{{ forget_touched(this) }}") }}
select
    event_id,
    contact_id,
    event_state,
    signal,
    occurred_at,
    known_at,
    concat_ws(':', delivery_id, line_number) as source,
    partner_id,
    delivery_id,
    line_number
from {{ ref('int_consent_events') }}
where {{ is_touched('contact_id') }}
order by contact_id
