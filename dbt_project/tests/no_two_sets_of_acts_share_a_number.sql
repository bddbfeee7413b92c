-- A set of standings, and what it is worth, are known by hashes put together: two of one number would be judged as one.
select number_of_set
from (
    select
        acts_key as number_of_set,
        acts_control_key as control_key
    from {{ ref('int_contacts__spans') }}
    union
    select
        worth_key as number_of_set,
        worth_control_key as control_key
    from {{ ref('int_act_sets') }}
)
group by number_of_set
having count(*) > 1
