-- Millions of acts have few standings; one act and instant stands for each.
with

examples as (
    select
        standing_id,
        arg_min(contact_id, (contact_id, act_number, from_at)) as contact_id,
        arg_min(act_number, (contact_id, act_number, from_at)) as act_number,
        arg_min(from_at, (contact_id, act_number, from_at)) as from_at
    from {{ ref('int_acts__standings') }}
    group by standing_id
)

select
    examples.standing_id,
    {{ kinds_of_standing('list(states.kind_id)') }} as kinds
from examples
inner join {{ ref('int_contacts__states') }} as states
    on
        examples.contact_id = states.contact_id
        and examples.act_number = states.act_number
        and examples.from_at >= states.from_at
        and examples.from_at < states.until_at
group by examples.standing_id
