select
    commune_code,
    concept,
    median_euros,
    missing_reason,
    source_id,
    vintage
from {{ source('lake', 'commune_income') }}
qualify row_number() over (partition by commune_code, concept order by vintage desc) = 1
