-- Each unit of macros/evaluators/acts says which acts its code concerns; what a unit may read stands here. A table: in
-- one statement with the joins of the findings its own would need more memory than there is. Of the touched contacts
-- only, as a view would be read: a night's cost is that of what changed.
-- noqa: disable=structure.unused_cte
with

acts as not materialized (
    select * from {{ ref('int_acts') }}
),

acts_and_beliefs as not materialized (
    select
        acts.*,
        beliefs.birth_date as believed_birth_date,
        beliefs.known_from as believed_from,
        beliefs.known_until as believed_until
    from {{ ref('int_acts') }} as acts
    inner join {{ ref('int_contacts__beliefs') }} as beliefs
        on acts.contact_id = beliefs.contact_id
),

suspects as not materialized (
    select * from {{ ref('int_acts__suspect') }}
),

taken_back as not materialized (
    select * from {{ ref('int_acts__taken_back') }}
),

absent as not materialized (
    select * from {{ ref('int_acts__absent') }}
)

select * from (
    {{ every_evaluator_of('act') }}
) as found
where {{ is_touched('found.contact_id') }}
