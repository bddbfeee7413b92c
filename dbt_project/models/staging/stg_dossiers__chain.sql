select
    partner_id,
    position,
    name,
    role,
    known_from,
    coalesce(known_until, {{ for_ever() }}) as known_until
from {{ source('lake', 'dossier_chain') }}
