-- Of the contacts that this build judged: every accepted row has a claim and stands in the mart; every given one is an act.
with

counts as (
    select
        (select count(*) from {{ ref('stg_partners__opt_ins') }} where {{ is_touched('contact_id') }}) as delivered,
        (select count(*) from {{ ref('opt_ins') }} where {{ is_touched('contact_id') }}) as in_mart,
        (select count(*) from {{ ref('int_opt_ins__claimed') }} where {{ is_touched('contact_id') }}) as claimed,
        (
            select count(*) from {{ ref('stg_partners__opt_ins') }}
            where flag = 'given' and {{ is_touched('contact_id') }}
        ) as given,
        (select count(*) from {{ ref('acts') }} where {{ is_touched('contact_id') }}) as acts
)

select *
from counts
where delivered <> in_mart or delivered <> claimed or given <> acts
