-- Millions of contacts have few sets; one contact and instant stands for each.
with

examples as (
    select
        acts_key,
        arg_min(contact_id, (contact_id, from_at)) as contact_id,
        arg_min(from_at, (contact_id, from_at)) as from_at
    from {{ ref('int_contacts__spans') }}
    where acts_key <> 0
    group by acts_key
)

select
    examples.acts_key,
    standings.standing_id
from examples
inner join {{ ref('int_contacts__standings') }} as standings
    on
        examples.contact_id = standings.contact_id
        and examples.from_at >= standings.from_at
        and examples.from_at < standings.until_at
