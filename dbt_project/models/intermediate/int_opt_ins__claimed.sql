-- `position` is the order in which rows of one number state its attributes (partners README 5, "Attributes").
select
    placed.delivery_id,
    placed.line_number,
    claims.claim_id,
    placed.partner_id,
    placed.feed_id,
    placed.mode,
    placed.contact_id,
    placed.source_key,
    placed.ip_key,
    placed.flag,
    placed.consented_at,
    placed.exported_at,
    placed.received_at,
    placed.sex,
    placed.birth_date,
    placed.postcode,
    placed.country,
    placed.address_key,
    placed.number_kind,
    placed.number_zone,
    placed.is_fiction,
    row_number() over (
        partition by placed.contact_id
        order by
            placed.consented_at nulls first, placed.exported_at, placed.partner_id, placed.file_name,
            placed.line_number
    ) as position
from {{ ref('int_opt_ins__placed') }} as placed
inner join {{ ref('int_claims') }} as claims
    on
        placed.partner_id = claims.partner_id
        and placed.feed_id = claims.feed_id
        and placed.has_instant = claims.has_instant
        and placed.slot_from = claims.slot_from
        and placed.stated_notice_id is not distinct from claims.stated_notice_id
        and placed.stated_form_version is not distinct from claims.stated_form_version
        and placed.stated_channels is not distinct from claims.stated_channels
        and placed.stated_purposes is not distinct from claims.stated_purposes
        and placed.stated_recipients is not distinct from claims.stated_recipients
