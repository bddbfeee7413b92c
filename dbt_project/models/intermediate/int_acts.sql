{{ config(materialized="view") }}
select
    delivery_id,
    line_number,
    contact_id,
    claim_id,
    partner_id,
    feed_id,
    mode,
    source_key,
    ip_key,
    birth_date,
    consented_at,
    {{ paris_date('consented_at') }} as consented_on,
    exported_at,
    received_at
from {{ ref('int_opt_ins__claimed') }}
where flag = 'given'
