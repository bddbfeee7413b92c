select
    quarantine.delivery_id,
    quarantine.line_number,
    quarantine.byte_offset,
    quarantine.byte_length,
    quarantine.partner_id,
    quarantine.feed_id,
    quarantine.exported_at,
    quarantine.received_at,
    quarantine.source_key,
    quarantine.reasons,
    quarantine.is_structural
from {{ ref('stg_partners__quarantine') }} as quarantine
inner join {{ ref('stg_partners__deliveries') }} as deliveries
    on quarantine.delivery_id = deliveries.delivery_id
