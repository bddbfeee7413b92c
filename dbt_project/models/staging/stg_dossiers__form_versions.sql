select
    partner_id,
    form_version,
    url,
    first_seen_at,
    last_seen_at,
    stopped_at,
    box_default,
    act,
    refusal_as_easy,
    bundled_with_entry,
    notice_id,
    known_from,
    coalesce(known_until, {{ for_ever() }}) as known_until,
    coalesce(date_trunc('second', last_seen_at) + interval 1 second, {{ for_ever() }}) as seen_until
from {{ source('lake', 'dossier_form_versions') }}
