select
    partner_id,
    feed_id,
    kind,
    mode,
    form_version_from,
    known_from,
    coalesce(known_until, {{ for_ever() }}) as known_until
from {{ source('lake', 'dossier_feeds') }}
