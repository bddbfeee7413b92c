-- Between two instants at which a finding of an act begins or ends, what is said of it stands still: its standing, a
-- set of kinds of finding. The contact's own is that of act 0. A standing's number is put together by xor, so what
-- begins and ends is enough to know it: no span is joined to what is said in it, and no list is kept of each.
with

ends as (
    select
        contact_id,
        act_number,
        from_at as changes_at,
        kind_id
    from {{ ref('int_contacts__states') }}
    union all
    select
        contact_id,
        act_number,
        until_at,
        kind_id
    from {{ ref('int_contacts__states') }}
    where until_at < {{ for_ever() }}
),

changes as (
    select
        contact_id,
        act_number,
        changes_at,
        bit_xor({{ share_of_standing('kind_id') }}) as change,
        bit_xor(kind_id) as control_change
    from ends
    group by contact_id, act_number, changes_at
),

standings as (
    select
        contact_id,
        act_number,
        changes_at as from_at,
        coalesce(lead(changes_at) over by_time, {{ for_ever() }}) as until_at,
        change,
        bit_xor(change) over by_time as standing_id,
        bit_xor(control_change) over by_time as control_key
    from changes
    window by_time as (partition by contact_id, act_number order by changes_at)
)

select
    contact_id,
    act_number,
    from_at,
    until_at,
    standing_id,
    change,
    control_key
from standings
