-- Of the contacts that this build judged: every accepted row has a claim and a row in the mart; every given one is an
-- act.
with

delivered as (
    select count(*) as number
    from {{ ref('stg_partners__opt_ins') }}
    where {{ is_touched('contact_id') }}
),

in_mart as (
    select count(*) as number
    from {{ ref('opt_ins') }}
    where {{ is_touched('contact_id') }}
),

claimed as (
    select count(*) as number
    from {{ ref('int_opt_ins__claimed') }}
    where {{ is_touched('contact_id') }}
),

given as (
    select count(*) as number
    from {{ ref('stg_partners__opt_ins') }}
    where flag = 'given' and {{ is_touched('contact_id') }}
),

acts as (
    select count(*) as number
    from {{ ref('acts') }}
    where {{ is_touched('contact_id') }}
),

counts as (
    select
        delivered.number as delivered,
        in_mart.number as in_mart,
        claimed.number as claimed,
        given.number as given,
        acts.number as acts
    from delivered
    cross join in_mart
    cross join claimed
    cross join given
    cross join acts
)

select
    delivered,
    in_mart,
    claimed,
    given,
    acts
from counts
where delivered <> in_mart or delivered <> claimed or given <> acts
