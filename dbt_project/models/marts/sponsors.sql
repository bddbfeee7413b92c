select
    sponsor_id,
    legal_name,
    candidate
from {{ source('lake', 'sponsors') }}
