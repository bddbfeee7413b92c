-- Rows for the relation of live facts of `consent.judgement.live_facts`.

-- name: facts
select
    unnest($contact_id::uuid[]) as contact_id,
    unnest($kind::varchar[]) as kind,
    unnest($channel::varchar[]) as channel,
    unnest($sponsor_id::varchar[]) as sponsor_id,
    make_timestamp(unnest($occurred_at::bigint[])) as occurred_at,
    make_timestamp(unnest($known_at::bigint[])) as known_at,
    null as delivery_id,
    null as line_number;

-- Acts by form versions that were switched off since the base was built; the base knows the earlier ones.
-- name: form_stops
select
    o.contact_id,
    'form_stop' as kind,
    null as channel,
    null as sponsor_id,
    stops.at as occurred_at,
    stops.at as known_at,
    o.delivery_id,
    o.line_number
from opt_ins as o
inner join (
    select
        unnest($partners::varchar[]) as partner_id,
        unnest($forms::varchar[]) as form_version,
        make_timestamp(unnest($instants::bigint[])) as at
) as stops on o.partner_id = stops.partner_id and o.form_version = stops.form_version
where
    o.flag = 'given'
    and ($contact_ids::uuid[] is null or o.contact_id in (select unnest($contact_ids::uuid[])))
    and not exists (
        select 1
        from dossier_form_versions as known
        where
            known.partner_id = stops.partner_id
            and known.form_version = stops.form_version
            and known.stopped_at <= stops.at
    );
