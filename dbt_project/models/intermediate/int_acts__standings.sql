-- Between two instants at which a finding of an act begins or ends, what is said of it stands still: its standing, a
-- set of kinds of finding. The contact's own is that of act 0.
with

instants as (
    select
        contact_id,
        act_number,
        from_at
    from {{ ref('int_contacts__states') }}
    union
    select
        contact_id,
        act_number,
        until_at
    from {{ ref('int_contacts__states') }}
    where until_at < {{ for_ever() }}
),

spans as (
    select
        contact_id,
        act_number,
        from_at,
        coalesce(
            lead(from_at) over (partition by contact_id, act_number order by from_at), {{ for_ever() }}
        ) as until_at
    from instants
),

said as (
    select
        spans.contact_id,
        spans.act_number,
        spans.from_at,
        spans.until_at,
        {{ kinds_of_standing('list(states.kind_id)') }} as kinds
    from spans
    inner join {{ ref('int_contacts__states') }} as states
        on
            spans.contact_id = states.contact_id
            and spans.act_number = states.act_number
            and spans.from_at >= states.from_at
            and spans.from_at < states.until_at
    group by spans.contact_id, spans.act_number, spans.from_at, spans.until_at
)

select
    contact_id,
    act_number,
    from_at,
    until_at,
    {{ standing_id('kinds') }} as standing_id,
    list_bit_xor(kinds) as control_key
from said
