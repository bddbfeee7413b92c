-- What `lineage.lookups.origins` reads of the contacts in the relation `lineage_asked`. No statement takes a
-- parameter: then a plan can be kept.

-- name: deliveries
select delivery_id
from opt_ins
where contact_id in (select asked.contact_id from lineage_asked as asked)
union
select delivery_id
from consent_events
where contact_id in (select asked.contact_id from lineage_asked as asked);

-- name: typed_values
select
    delivery_id,
    line_number,
    birth_date,
    postcode
from opt_ins
where contact_id in (select asked.contact_id from lineage_asked as asked);

-- The hash of no text at all is no notice.
-- name: opt_ins
select
    opt_ins.contact_id::varchar as contact_id,
    opt_ins.partner_id,
    opt_ins.feed_id,
    opt_ins.delivery_id,
    opt_ins.file_sha256,
    opt_ins.line_number,
    opt_ins.byte_offset,
    opt_ins.byte_length,
    opt_ins.flag,
    opt_ins.consented_at,
    nullif(opt_ins.notice_id, sha256('')[:16]) as notice_id,
    opt_ins.form_version,
    coalesce(opt_ins.recipients, []) as recipients,
    coalesce(opt_ins.channels, []) as channels,
    coalesce(opt_ins.evidence_missing, []) as evidence_missing,
    opt_ins.evidence_grade
from opt_ins
where opt_ins.contact_id in (select asked.contact_id from lineage_asked as asked)
order by opt_ins.consented_at nulls first, opt_ins.received_at, opt_ins.delivery_id, opt_ins.line_number;

-- name: notice_texts
select
    partner_id,
    notice_id,
    any_value(notice_text) as notice_text
from dossier_notices
group by partner_id, notice_id;

-- name: events
select
    contact_id::varchar as contact_id,
    occurred_at,
    known_at,
    event_state,
    signal,
    source
from consent_events
where contact_id in (select asked.contact_id from lineage_asked as asked)
order by occurred_at nulls first, known_at, source;

-- name: persons
select
    contact_id::varchar as contact_id,
    sex,
    birth_date,
    postcode,
    address_key,
    address_id,
    commune_code,
    iris_code,
    match_confidence
from contacts
where contact_id in (select asked.contact_id from lineage_asked as asked);

-- Bureaux by map of the asked contacts' addresses.
-- name: bureaux
select
    address_key,
    map,
    bureau_code
from address_ties
where
    bureau_code is not null
    and address_key in (
        select contacts.address_key
        from contacts
        where contacts.contact_id in (select asked.contact_id from lineage_asked as asked)
    )
order by map;
