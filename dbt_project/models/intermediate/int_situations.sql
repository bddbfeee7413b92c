-- Millions of contacts share few situations: the contact's own standing, and what its acts are worth. A situation that
-- the base knows already keeps its number.
with

found as (
    select distinct
        spans.own_standing_id,
        spans.acts_key,
        coalesce(sets.worth_key, 0) as worth_key
    from {{ ref('int_contacts__spans') }} as spans
    left join {{ ref('int_act_sets') }} as sets
        on spans.acts_key = sets.acts_key
),

known as (
    {% if is_grown_build() %}
    select
        situation_id,
        own_standing_id,
        worth_key
    from lake.known_situations
    {% else %}
    select
        null::integer as situation_id,
        null::ubigint as own_standing_id,
        null::ubigint as worth_key
    where false
    {% endif %}
),

numbered as (
    select
        own_standing_id,
        worth_key,
        (select coalesce(max(known.situation_id), 0) from known)
        + row_number() over (order by own_standing_id, worth_key) as situation_id
    from (
        select
            own_standing_id,
            worth_key
        from found
        except
        select
            own_standing_id,
            worth_key
        from known
    ) as new_ones
)

select
    found.own_standing_id,
    found.acts_key,
    found.worth_key,
    coalesce(known.situation_id, numbered.situation_id)::integer as situation_id,
    known.situation_id is null as is_new
from found
left join known
    on found.own_standing_id = known.own_standing_id and found.worth_key = known.worth_key
left join numbered
    on found.own_standing_id = numbered.own_standing_id and found.worth_key = numbered.worth_key
