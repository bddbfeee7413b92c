-- Between two instants at which something of a contact begins or ends, its situation stands still. A situation is
-- known by the sum of the hashes of its parts; a second sum of other hashes shows that no two share a key.
with

instants as (
    select
        contact_id,
        {{ since_ever() }} as from_at
    from {{ ref('int_contacts__latest') }}
    where {{ is_touched('contact_id') }}
    union
    select
        contact_id,
        from_at
    from {{ ref('int_contacts__states') }}
    union
    select
        contact_id,
        until_at
    from {{ ref('int_contacts__states') }}
    where until_at < {{ for_ever() }}
),

spans as (
    select
        contact_id,
        from_at,
        coalesce(lead(from_at) over (partition by contact_id order by from_at), {{ for_ever() }}) as until_at
    from instants
)

select
    spans.contact_id,
    spans.from_at,
    spans.until_at,
    coalesce(sum(hash(states.act_number, states.kind_id)), 0)::hugeint as situation_key,
    coalesce(sum(hash(states.kind_id, states.act_number, 'control')), 0)::hugeint as control_key
from spans
left join {{ ref('int_contacts__states') }} as states
    on
        spans.contact_id = states.contact_id
        and spans.from_at >= states.from_at
        and spans.from_at < states.until_at
group by spans.contact_id, spans.from_at, spans.until_at
