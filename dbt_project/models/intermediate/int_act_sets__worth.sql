-- An act of which all is said that is said of another one is never the better one, whatever the use: it only adds
-- its codes. So a set of acts is worth what its least ones are worth beside an act of which everything is said.
with

lesser as (
    select
        greater.standing_id as greater_id,
        less.standing_id as lesser_id
    from {{ ref('int_standings') }} as greater
    inner join {{ ref('int_standings') }} as less
        on len(less.kinds) < len(greater.kinds) and list_has_all(greater.kinds, less.kinds)
),

beaten as (
    select
        members.acts_key,
        members.standing_id
    from {{ ref('int_act_sets__members') }} as members
    inner join {{ ref('int_act_sets__members') }} as others
        on members.acts_key = others.acts_key
    inner join lesser
        on members.standing_id = lesser.greater_id and others.standing_id = lesser.lesser_id
)

select
    members.acts_key,
    members.standing_id
from {{ ref('int_act_sets__members') }} as members
anti join beaten
    on members.acts_key = beaten.acts_key and members.standing_id = beaten.standing_id
union
select
    acts_key,
    standing_id
from {{ ref('int_act_sets__unions') }}
