-- `position` is the order in which rows of one number state its attributes (partners README 5, "Attributes").
select
    rows.delivery_id,
    rows.line_number,
    claims.claim_id,
    rows.partner_id,
    rows.feed_id,
    rows.mode,
    rows.contact_id,
    rows.source_key,
    rows.ip_key,
    rows.flag,
    rows.consented_at,
    rows.exported_at,
    rows.received_at,
    rows.sex,
    rows.birth_date,
    rows.postcode,
    rows.country,
    rows.address_key,
    rows.number_kind,
    rows.number_zone,
    rows.is_fiction,
    row_number() over (
        partition by rows.contact_id
        order by rows.consented_at nulls first, rows.exported_at, rows.partner_id, rows.file_name, rows.line_number
    ) as position
from {{ ref('int_opt_ins__placed') }} as rows
inner join {{ ref('int_claims') }} as claims
    on
        rows.partner_id = claims.partner_id
        and rows.feed_id = claims.feed_id
        and rows.has_instant = claims.has_instant
        and rows.slot_from = claims.slot_from
        and rows.stated_notice_id is not distinct from claims.stated_notice_id
        and rows.stated_form_version is not distinct from claims.stated_form_version
        and rows.stated_channels is not distinct from claims.stated_channels
        and rows.stated_purposes is not distinct from claims.stated_purposes
        and rows.stated_recipients is not distinct from claims.stated_recipients
