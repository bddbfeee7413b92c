select
    bureau_code || '@' || map as bureau_id,
    bureau_code,
    map,
    commune_code,
    source_id,
    vintage
from {{ source('lake', 'bureaux') }}
