select
    partner_id,
    notice_id,
    language,
    notice_text,
    purposes,
    channels,
    mentions_targeting,
    targeting_by,
    known_from,
    coalesce(known_until, {{ for_ever() }}) as known_until
from {{ source('lake', 'dossier_notices') }}
