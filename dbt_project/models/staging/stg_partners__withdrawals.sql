select
    delivery_id,
    line_number,
    byte_offset,
    byte_length,
    partner_id,
    feed_id,
    exported_at,
    received_at,
    contact_id,
    source_key,
    withdrawn_at,
    withdrawn_at_quality,
    repairs,
    unread
from {{ source('lake', 'withdrawals') }}
