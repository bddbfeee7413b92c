-- One set stands for each worth.
with

examples as (
    select
        worth_key,
        min(acts_key) as acts_key
    from {{ ref('int_act_sets') }}
    group by worth_key
)

select
    examples.worth_key,
    worth.standing_id
from examples
inner join {{ ref('int_act_sets__worth') }} as worth
    on examples.acts_key = worth.acts_key
