-- A kind is known by a hash: two kinds of one number would be judged as one.
select kind_id
from (
    select distinct
        {{ kind_in_situation('findings') }} as kind_id,
        code,
        channel,
        criteria_kinds,
        sponsors_named,
        number_rules,
        adult_on
    from {{ ref('findings') }} as findings
)
group by kind_id
having count(*) > 1
