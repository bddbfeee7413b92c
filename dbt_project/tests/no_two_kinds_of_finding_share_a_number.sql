-- A kind is known by a hash: two kinds of one number would be judged as one.
select kind_id
from (
    select distinct
        kind_id,
        code,
        channel,
        criteria_kinds,
        sponsors_named,
        number_rules
    from {{ ref('findings') }}
)
group by kind_id
having count(*) > 1
