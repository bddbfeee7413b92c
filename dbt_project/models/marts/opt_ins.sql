{{ config(materialized="incremental", incremental_strategy="append", pre_hook="{{ forget_touched(this) }}") }}
-- Sorted by contact: where a number comes from is read from a few row groups.
select
    opt_ins.delivery_id,
    opt_ins.line_number,
    opt_ins.byte_offset,
    opt_ins.byte_length,
    opt_ins.partner_id,
    opt_ins.feed_id,
    deliveries.sha256 as file_sha256,
    opt_ins.exported_at,
    opt_ins.received_at,
    opt_ins.contact_id,
    opt_ins.source_key,
    opt_ins.source_consent_id,
    opt_ins.address_key,
    opt_ins.ip_key,
    opt_ins.flag,
    opt_ins.consented_at,
    opt_ins.consented_at_quality,
    claims.notice_id,
    claims.notice_status,
    opt_ins.stated_notice_id,
    claims.form_version,
    opt_ins.stated_form_version,
    claims.channels,
    claims.purposes,
    claims.recipients,
    opt_ins.sex,
    opt_ins.birth_date,
    opt_ins.postcode,
    opt_ins.country,
    opt_ins.number_kind,
    opt_ins.number_zone,
    opt_ins.is_fiction,
    opt_ins.repairs,
    opt_ins.unread,
    graded.evidence_grade,
    graded.evidence_missing,
    graded.bundle_missing
from {{ ref('stg_partners__opt_ins') }} as opt_ins
inner join {{ ref('stg_partners__deliveries') }} as deliveries
    on opt_ins.delivery_id = deliveries.delivery_id
inner join {{ ref('int_opt_ins__claimed') }} as claimed
    on opt_ins.delivery_id = claimed.delivery_id and opt_ins.line_number = claimed.line_number
inner join {{ ref('int_claims__latest') }} as claims
    on claimed.claim_id = claims.claim_id
left join {{ ref('int_opt_ins__graded') }} as graded
    on opt_ins.delivery_id = graded.delivery_id and opt_ins.line_number = graded.line_number
where {{ is_touched('opt_ins.contact_id') }}
order by opt_ins.contact_id
