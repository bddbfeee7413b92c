-- Between two instants at which the standing of the contact or the set of those of its acts changes, both stand still.
-- A set is known by a hash of each standing in it, put together by xor: what begins and ends is enough to know it. Of
-- all that changes at one instant the last row has everything; to group them first takes more memory than there is.
with

ends as (
    select
        contact_id,
        from_at,
        change as own_change,
        0::ubigint as acts_change,
        0::ubigint as control_change
    from {{ ref('int_acts__standings') }}
    where act_number = 0
    union all
    select
        contact_id,
        from_at,
        0::ubigint as own_change,
        hash(standing_id) as acts_change,
        standing_id as control_change
    from {{ ref('int_contacts__standings') }}
    union all
    select
        contact_id,
        until_at,
        0::ubigint as own_change,
        hash(standing_id) as acts_change,
        standing_id as control_change
    from {{ ref('int_contacts__standings') }}
    where until_at < {{ for_ever() }}
)

select
    contact_id,
    from_at,
    bit_xor(own_change) over by_time as own_standing_id,
    bit_xor(acts_change) over by_time as acts_key,
    bit_xor(control_change) over by_time as acts_control_key
from ends
window by_time as (partition by contact_id order by from_at)
qualify lead(from_at) over by_time is distinct from from_at
