-- Millions of contacts share few situations; one contact and instant stands for each.
select
    row_number() over (order by situation_key) as situation_id,
    situation_key,
    control_key,
    arg_min(contact_id, (contact_id, from_at)) as contact_id,
    arg_min(from_at, (contact_id, from_at)) as from_at
from {{ ref('int_contacts__spans') }}
group by situation_key, control_key
