-- Attributes of a number by all its rows: last non-null sex and birth date; the place together from the last row.
with

latest as (
    select
        contact_id,
        arg_max(sex, position) as sex,
        arg_max(birth_date, position) as birth_date,
        -- a yes to our own message says nothing of the place (`sends.inbound.agreements`)
        coalesce(max(position) filter (where partner_id <> 'contact-citoyen-sms'), max(position)) as position,
        min(received_at) as known_from
    from {{ ref('int_opt_ins__claimed') }}
    group by contact_id
)

select
    latest.contact_id,
    latest.sex,
    latest.birth_date,
    rows.postcode,
    rows.country,
    rows.address_key,
    rows.number_kind,
    rows.number_zone,
    rows.is_fiction,
    latest.known_from
from latest
inner join {{ ref('int_opt_ins__claimed') }} as rows
    on latest.contact_id = rows.contact_id and latest.position = rows.position
