-- Millions of contacts share few situations; one contact and instant stands for each. A situation that the base knows
-- already keeps its number.
with

found as (
    select
        situation_key,
        control_key,
        arg_min(contact_id, (contact_id, from_at)) as contact_id,
        arg_min(from_at, (contact_id, from_at)) as from_at
    from {{ ref('int_contacts__spans') }}
    group by situation_key, control_key
),

known as (
    {% if is_grown_build() %}
    select
        situation_id,
        situation_key,
        control_key
    from lake.known_situations
    {% else %}
    select
        null::bigint as situation_id,
        null::hugeint as situation_key,
        null::hugeint as control_key
    where false
    {% endif %}
)

select
    coalesce(
        known.situation_id,
        (select coalesce(max(numbered.situation_id), 0) from known as numbered)
        + row_number() over (partition by known.situation_id is null order by found.situation_key, found.control_key)
    ) as situation_id,
    known.situation_id is null as is_new,
    found.situation_key,
    found.control_key,
    found.contact_id,
    found.from_at
from found
left join known
    on found.situation_key = known.situation_key and found.control_key = known.control_key
