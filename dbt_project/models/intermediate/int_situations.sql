-- Millions of contacts share few situations: the contact's own standing, and what its acts are worth. A situation that
-- the base knows already keeps its number. Of new ones those come first in which somebody is when the newest file
-- arrives: a count of today reads them alone.
with

newest_spans as (
    select
        contact_id,
        max(from_at) as from_at
    from {{ ref('int_contacts__spans') }}
    where from_at <= (select max(d.received_at) from {{ ref('stg_partners__deliveries') }} as d)
    group by contact_id
),

today as (
    select distinct
        spans.own_standing_id,
        spans.act_standing_ids
    from {{ ref('int_contacts__spans') }} as spans
    inner join newest_spans
        on spans.contact_id = newest_spans.contact_id and spans.from_at = newest_spans.from_at
),

sets as (
    select distinct
        own_standing_id,
        act_standing_ids
    from {{ ref('int_contacts__spans') }}
),

found as (
    select
        sets.own_standing_id,
        sets.act_standing_ids,
        coalesce(worths.worth_ids, []) as worth_ids,
        today.own_standing_id is not null as is_of_today
    from sets
    left join {{ ref('int_act_sets') }} as worths
        on sets.act_standing_ids = worths.act_standing_ids
    left join today
        on sets.own_standing_id = today.own_standing_id and sets.act_standing_ids = today.act_standing_ids
),

known as (
    {% if is_grown_build() %}
    select
        situation_id,
        own_standing_id,
        worth_ids
    from lake.known_situations
    {% else %}
    select
        null::integer as situation_id,
        null::ubigint as own_standing_id,
        null::ubigint[] as worth_ids
    where false
    {% endif %}
),

numbered as (
    select
        found.own_standing_id,
        found.worth_ids,
        (select coalesce(max(k.situation_id), 0) from known as k)
        + row_number() over (
            order by bool_or(found.is_of_today) desc, found.own_standing_id asc, found.worth_ids asc
        ) as situation_id
    from found
    left join known
        on found.own_standing_id = known.own_standing_id and found.worth_ids = known.worth_ids
    where known.situation_id is null
    group by found.own_standing_id, found.worth_ids
)

select
    found.own_standing_id,
    found.act_standing_ids,
    found.worth_ids,
    coalesce(known.situation_id, numbered.situation_id)::integer as situation_id,
    known.situation_id is null as is_new
from found
left join known
    on found.own_standing_id = known.own_standing_id and found.worth_ids = known.worth_ids
left join numbered
    on found.own_standing_id = numbered.own_standing_id and found.worth_ids = numbered.worth_ids
