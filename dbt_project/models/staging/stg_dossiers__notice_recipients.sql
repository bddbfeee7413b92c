select
    partner_id,
    notice_id,
    position,
    name,
    kind,
    known_from,
    coalesce(known_until, {{ for_ever() }}) as known_until
from {{ source('lake', 'dossier_notice_recipients') }}
