{{ config(materialized="incremental", incremental_strategy="append", pre_hook="{{ forget_touched(this) }}") }}
-- Acts of a contact are numbered as the judgement prefers them among equals.
select
    delivery_id,
    line_number,
    contact_id,
    partner_id,
    feed_id,
    claim_id,
    consented_at,
    exported_at,
    received_at,
    row_number() over (
        partition by contact_id
        order by consented_at desc nulls last, delivery_id asc, line_number asc
    ) as act_number
from {{ ref('int_acts') }}
where {{ is_touched('contact_id') }}
order by contact_id
