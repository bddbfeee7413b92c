select
    delivery_id,
    line_number,
    received_at,
    contact_id,
    age_min,
    age_max
from {{ source('lake', 'age_brackets') }}
