select
    delivery_id,
    line_number,
    byte_offset,
    byte_length,
    partner_id,
    feed_id,
    exported_at,
    received_at,
    source_key,
    reasons,
    is_structural
from {{ source('lake', 'quarantine') }}
