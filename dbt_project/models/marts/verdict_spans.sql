{{ config(materialized="incremental", incremental_strategy="append", pre_hook="{{ forget_touched(this) }}") }}
-- In the order in which campaigns ask: a bureau's people stand together.
with newest_ties as (
    select
        address_key,
        bureau_code
    from {{ ref('address_ties') }}
    qualify map = max(map) over ()
)

select
    spans.contact_id,
    spans.from_at,
    spans.until_at,
    situations.situation_id,
    ties.bureau_code,
    contacts.sex,
    contacts.birth_date
from {{ ref('int_contacts__spans') }} as spans
inner join {{ ref('int_situations') }} as situations
    on spans.situation_key = situations.situation_key and spans.control_key = situations.control_key
inner join {{ ref('contacts') }} as contacts
    on spans.contact_id = contacts.contact_id
left join newest_ties as ties
    on contacts.address_key = ties.address_key
where {{ is_touched('spans.contact_id') }}
order by ties.bureau_code, spans.contact_id, spans.from_at
