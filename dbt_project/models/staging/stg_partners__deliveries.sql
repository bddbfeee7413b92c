select
    delivery_id,
    partner_id,
    feed_id,
    kind,
    mode,
    file_name,
    sha256,
    reading,
    exported_at,
    received_at
from {{ source('lake', 'deliveries') }}
