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
order by contact_id
