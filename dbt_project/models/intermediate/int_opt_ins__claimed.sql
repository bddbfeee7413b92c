-- `position` is the order in which rows of one number state its attributes (partners README 5, "Attributes").
select
    placed.delivery_id,
    placed.line_number,
    placed.claim_id,
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
