-- A standing is known by a hash: two standings of one number would be judged as one.
select standing_id
from (
    select
        standing_id,
        control_key
    from {{ ref('int_acts__standings') }}
    union
    select
        standing_id,
        control_key
    from {{ ref('int_act_sets__unions') }}
    union
    select
        standing_id,
        bit_xor(kind_id) as control_key
    from {{ ref('standings') }}
    group by standing_id
)
group by standing_id
having count(*) > 1
