{{ config(materialized="view") }}
-- An act without an instant is placed at its file's export: the contract's rule asks for that date (R-10).
with

opt_ins as (
    select
        *,
        coalesce(consented_at, exported_at) as placed_at
    from {{ ref('stg_partners__opt_ins') }}
)

select
    opt_ins.delivery_id,
    opt_ins.line_number,
    opt_ins.partner_id,
    opt_ins.feed_id,
    deliveries.mode,
    deliveries.file_name,
    opt_ins.contact_id,
    opt_ins.source_key,
    opt_ins.ip_key,
    opt_ins.flag,
    opt_ins.consented_at,
    opt_ins.exported_at,
    opt_ins.received_at,
    opt_ins.stated_notice_id,
    opt_ins.stated_form_version,
    opt_ins.stated_channels,
    opt_ins.stated_purposes,
    opt_ins.stated_recipients,
    opt_ins.sex,
    opt_ins.birth_date,
    opt_ins.postcode,
    opt_ins.country,
    opt_ins.address_key,
    opt_ins.number_kind,
    opt_ins.number_zone,
    opt_ins.is_fiction,
    opt_ins.consented_at is not null as has_instant,
    slots.slot_from,
    {{ claim_id('opt_ins', 'slots') }} as claim_id
from opt_ins
asof inner join {{ ref('int_partners__slots') }} as slots
    on opt_ins.partner_id = slots.partner_id and opt_ins.placed_at >= slots.slot_from
inner join {{ ref('stg_partners__deliveries') }} as deliveries
    on opt_ins.delivery_id = deliveries.delivery_id
