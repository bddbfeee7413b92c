{{ config(materialized="incremental", incremental_strategy="append", pre_hook="{{ forget_touched(this) }}") }}
-- What the judgement of many contacts reads by all that is known: a few narrow rows of an act instead of its findings.
-- A contact of which nothing is said has no row of its own.
with

birthdays as (
    select
        contact_id,
        max(adult_on) as adult_on
    from {{ ref('findings') }}
    where adult_on is not null and known_until = {{ for_ever() }} and {{ is_touched('contact_id') }}
    group by contact_id
)

select
    standings.contact_id,
    standings.act_number,
    standings.from_at,
    standings.until_at,
    standings.standing_id,
    case when standings.act_number = 0 then birthdays.adult_on end as adult_on
from {{ ref('int_acts__standings') }} as standings
left join birthdays
    on standings.contact_id = birthdays.contact_id
where standings.standing_id <> {{ standing_id('[' ~ contact_is_there() ~ ']') }}
order by standings.contact_id
