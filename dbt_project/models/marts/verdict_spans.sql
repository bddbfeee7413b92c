{{ config(materialized="incremental", incremental_strategy="append", pre_hook="{{ forget_touched(this) }}") }}
-- What stands when the newest file arrived comes first, then what was over, then what is to come: a count of today
-- reads the first alone. Within each of them a bureau's people stand together, as campaigns ask.
with

newest_ties as (
    select
        address_key,
        bureau_code
    from {{ ref('address_ties') }}
    qualify map = max(map) over ()
),

birthdays as (
    select
        contact_id,
        max(adult_on) as adult_on
    from {{ ref('act_standings') }}
    where act_number = 0 and {{ is_touched('contact_id') }}
    group by contact_id
),

changes as (
    select
        spans.contact_id,
        spans.from_at,
        situations.situation_id,
        lag(situations.situation_id) over (partition by spans.contact_id order by spans.from_at) as earlier_id
    from {{ ref('int_contacts__spans') }} as spans
    inner join {{ ref('int_situations') }} as situations
        on spans.own_standing_id = situations.own_standing_id and spans.acts_key = situations.acts_key
),

spans as (
    select
        contact_id,
        from_at,
        coalesce(lead(from_at) over (partition by contact_id order by from_at), {{ for_ever() }}) as until_at,
        situation_id
    from changes
    where situation_id is distinct from earlier_id
),

newest as (
    select coalesce(max(received_at), {{ since_ever() }}) as at
    from {{ ref('deliveries') }}
)

select
    spans.contact_id,
    spans.from_at,
    spans.until_at,
    spans.situation_id,
    ties.bureau_code,
    contacts.sex,
    contacts.birth_date,
    birthdays.adult_on
from spans
cross join newest
inner join {{ ref('contacts') }} as contacts
    on spans.contact_id = contacts.contact_id
left join birthdays
    on spans.contact_id = birthdays.contact_id
left join newest_ties as ties
    on contacts.address_key = ties.address_key
order by
    case when spans.until_at <= newest.at then 1 when spans.from_at > newest.at then 2 else 0 end,
    ties.bureau_code,
    spans.contact_id,
    spans.from_at
