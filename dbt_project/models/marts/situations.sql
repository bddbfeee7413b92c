{{ config(materialized="incremental", incremental_strategy="append") }}
-- What a contact is judged by, its dates aside: kind 0 says that the act, or the situation, is there.
with

kinds as (
    select distinct
        {{ kind_in_situation('findings') }} as kind_id,
        code,
        channel,
        criteria_kinds,
        sponsors_named,
        number_rules,
        adult_on
    from {{ ref('findings') }} as findings
    where known_until = {{ for_ever() }} and {{ is_touched('contact_id') }}
),

parts as (
    select
        situations.situation_id,
        states.act_number,
        states.kind_id
    from {{ ref('int_situations') }} as situations
    inner join {{ ref('int_contacts__states') }} as states
        on
            situations.contact_id = states.contact_id
            and situations.from_at >= states.from_at
            and situations.from_at < states.until_at
    where situations.is_new
    union
    select
        situation_id,
        0 as act_number,
        0::ubigint as kind_id
    from {{ ref('int_situations') }}
    where is_new
)

select
    parts.situation_id,
    parts.act_number,
    parts.kind_id,
    kinds.code,
    kinds.channel,
    kinds.criteria_kinds,
    kinds.sponsors_named,
    kinds.number_rules,
    kinds.adult_on
from parts
left join kinds
    on parts.kind_id = kinds.kind_id
order by parts.situation_id, parts.act_number, parts.kind_id
