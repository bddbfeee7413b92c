-- Every accepted row has a claim and stands in the mart; every given one is an act.
with

counts as (
    select
        (select count(*) from {{ ref('stg_partners__opt_ins') }}) as delivered,
        (select count(*) from {{ ref('opt_ins') }}) as in_mart,
        (select count(*) from {{ ref('int_opt_ins__claimed') }}) as claimed,
        (select count(*) from {{ ref('stg_partners__opt_ins') }} where flag = 'given') as given,
        (select count(*) from {{ ref('acts') }}) as acts
)

select *
from counts
where delivered <> in_mart or delivered <> claimed or given <> acts
