select
    partner_id,
    notice_id,
    aspect,
    fault,
    value,
    words,
    known_from,
    coalesce(known_until, {{ for_ever() }}) as known_until
from {{ source('lake', 'dossier_notice_contradictions') }}
