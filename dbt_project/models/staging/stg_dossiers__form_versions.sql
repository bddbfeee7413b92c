-- A form version that we switched off by command: until then we believed the dossier, from then on our own word.
with

forms as (
    select
        *,
        coalesce(known_until, {{ for_ever() }}) as believed_until,
        coalesce(date_trunc('second', last_seen_at) + interval 1 second, {{ for_ever() }}) as seen_until
    from {{ source('lake', 'dossier_form_versions') }}
),

stopped as (
    select
        forms.* exclude (stopped_at, known_until, believed_until),
        forms.stopped_at as declared_stop_at,
        forms.believed_until,
        coalesce(stops.stopped_at, {{ for_ever() }}) as own_stop_at
    from forms
    left join {{ source('lake', 'form_stops') }} as stops
        on forms.partner_id = stops.partner_id and forms.form_version = stops.form_version
),

beliefs as (
    select
        * exclude (declared_stop_at, believed_until, own_stop_at),
        declared_stop_at as stopped_at,
        least(believed_until, own_stop_at) as known_until
    from stopped
    where known_from < own_stop_at
    union all
    select
        * exclude (declared_stop_at, believed_until, own_stop_at)
        replace (greatest(known_from, own_stop_at) as known_from),
        least(coalesce(declared_stop_at, own_stop_at), own_stop_at) as stopped_at,
        believed_until as known_until
    from stopped
    where own_stop_at < believed_until
)

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
    known_until,
    seen_until
from beliefs
