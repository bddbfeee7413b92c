select
    address_key,
    map,
    address_id,
    commune_code,
    bureau_code,
    iris_code,
    match_kind,
    match_confidence,
    candidates,
    tied_by
from {{ source('lake', 'address_ties') }}
