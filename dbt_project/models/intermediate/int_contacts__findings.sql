-- Each unit of macros/evaluators/contacts says which contacts its code concerns; what a unit may read stands here.
-- Ages become instants in Paris; who came of age before the day from which we judge has no row of age.
-- noqa: disable=structure.unused_cte
with

numbers as (
    select
        *,
        {{ for_ever() }} as known_until
    from {{ ref('int_contacts__latest') }}
),

beliefs as (
    select
        beliefs.*,
        {{ birthday('beliefs.birth_date', 17) }} as seventeen_on,
        {{ birthday('beliefs.birth_date', 18) }} as adult_on,
        {{ paris_midnight(birthday('beliefs.birth_date', 17)) }} as seventeen_at,
        {{ paris_midnight(birthday('beliefs.birth_date', 18)) }} as adult_at
    from {{ ref('int_contacts__beliefs') }} as beliefs
),

-- A bracket speaks where no birth date does, from its first arrival on.
brackets as (
    select
        beliefs.contact_id,
        rows.age_min,
        rows.age_max,
        greatest(beliefs.known_from, min(rows.received_at)) as known_from,
        beliefs.known_until
    from {{ ref('stg_partners__age_brackets') }} as rows
    inner join {{ ref('int_contacts__beliefs') }} as beliefs
        on rows.contact_id = beliefs.contact_id
    where beliefs.birth_date is null
    group by beliefs.contact_id, rows.age_min, rows.age_max, beliefs.known_from, beliefs.known_until
)

{{ every_evaluator_of('contact') }}
