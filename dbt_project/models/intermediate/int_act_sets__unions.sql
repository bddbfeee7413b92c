-- An act of which everything is said that is said of one of the set.
with

said as (
    select distinct
        members.acts_key,
        kinds.kind_id
    from {{ ref('int_act_sets__members') }} as members
    inner join {{ ref('int_standings__kinds') }} as kinds
        on members.standing_id = kinds.standing_id
)

select
    acts_key,
    bit_xor({{ share_of_standing('kind_id') }}) as standing_id,
    bit_xor(kind_id) as control_key
from said
group by acts_key
