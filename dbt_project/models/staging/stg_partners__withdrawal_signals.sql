select
    delivery_id,
    line_number,
    partner_id,
    feed_id,
    exported_at,
    received_at,
    contact_id,
    source_key,
    signal,
    withdrawn_at,
    withdrawn_at_quality
from {{ source('lake', 'withdrawal_signals') }}
