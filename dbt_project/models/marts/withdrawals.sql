select
    withdrawals.delivery_id,
    withdrawals.line_number,
    withdrawals.byte_offset,
    withdrawals.byte_length,
    withdrawals.partner_id,
    withdrawals.feed_id,
    withdrawals.exported_at,
    withdrawals.received_at,
    withdrawals.contact_id,
    withdrawals.source_key,
    withdrawals.withdrawn_at,
    withdrawals.withdrawn_at_quality,
    withdrawals.repairs,
    withdrawals.unread
from {{ ref('stg_partners__withdrawals') }} as withdrawals
inner join {{ ref('stg_partners__deliveries') }} as deliveries
    on withdrawals.delivery_id = deliveries.delivery_id
