-- A member satisfies every criterion of its segment and none that excludes; no criterion = every contact.
with

criteria as (
    select * from {{ source('lake', 'segment_criteria') }}
),

contacts as (
    select * from {{ ref('contacts') }}
),

-- Ages are read on one day, so that the same inputs give the same members.
ageing as (
    select coalesce(
        try_cast('{{ var("segments_on") }}' as date),
        (select {{ paris_date('max(received_at)') }} from {{ ref('stg_partners__deliveries') }})
    ) as aged_on
),

ties as (
    select * from {{ source('lake', 'address_ties') }}
),

-- A named segment belongs to no election: its bureaux are codes of the newest map.
newest_ties as (
    select * from ties
    where map = (select max(newest.map) from ties as newest)
),

-- A commune that votes as one stands for its arrondissements too.
communes as (
    select
        contact_id,
        commune_code as code
    from contacts
    union
    select
        contact_id,
        {{ voting_commune('commune_code') }}
    from contacts
),

by_vote as (
    select
        criteria.segment_id,
        ties.address_key
    from criteria
    inner join {{ ref('bureau_results') }} as results
        on
            criteria.criterion = 'bureau_vote'
            and criteria.election = results.election
            and criteria.round = results.round
            and criteria.text_value = results.candidate
            and results.share_of_votes >= coalesce(criteria.low, 0)
            and results.share_of_votes <= coalesce(criteria.high, 1)
    inner join ties
        on results.bureau_code = ties.bureau_code and results.map = ties.map
),

by_income as (
    select
        criteria.segment_id,
        iris.iris_code
    from criteria
    inner join {{ ref('iris') }} as iris
        on
            criteria.criterion = 'iris_income'
            and iris.median_euros >= coalesce(criteria.low, iris.median_euros)
            and iris.median_euros <= coalesce(criteria.high, iris.median_euros)
),

-- The contacts for which one value of a criterion holds: values of one criterion widen.
matches as materialized (
    select
        criteria.segment_id,
        criteria.criterion,
        communes.contact_id
    from criteria
    inner join communes
        on criteria.criterion = 'communes' and criteria.text_value = communes.code
    union
    select
        criteria.segment_id,
        criteria.criterion,
        contacts.contact_id
    from criteria
    inner join contacts
        on criteria.criterion = 'departements' and criteria.text_value = {{ departement_of('contacts.commune_code') }}
    union
    select
        criteria.segment_id,
        criteria.criterion,
        contacts.contact_id
    from criteria
    inner join contacts
        on criteria.criterion = 'iris' and criteria.text_value = contacts.iris_code
    union
    select
        criteria.segment_id,
        criteria.criterion,
        contacts.contact_id
    from criteria
    inner join newest_ties
        on criteria.criterion in ('bureaux', 'exclude_bureaux') and criteria.text_value = newest_ties.bureau_code
    inner join contacts
        on newest_ties.address_key = contacts.address_key
    union
    select
        criteria.segment_id,
        criteria.criterion,
        contacts.contact_id
    from criteria
    inner join contacts
        on criteria.criterion in ('sex', 'exclude_sex') and criteria.text_value = contacts.sex
    union
    select
        criteria.segment_id,
        criteria.criterion,
        contacts.contact_id
    from criteria
    cross join ageing
    inner join contacts
        on
            criteria.criterion = 'age'
            and contacts.birth_date + to_years(coalesce(criteria.low, 0)::integer) <= ageing.aged_on
            and (criteria.high is null or contacts.birth_date + to_years(criteria.high::integer + 1) > ageing.aged_on)
    union
    select
        by_vote.segment_id,
        'bureau_vote' as criterion,
        contacts.contact_id
    from by_vote
    inner join contacts
        on by_vote.address_key = contacts.address_key
    union
    select
        by_income.segment_id,
        'iris_income' as criterion,
        contacts.contact_id
    from by_income
    inner join contacts
        on by_income.iris_code = contacts.iris_code
),

needed as (
    select
        segments.segment_id,
        count(distinct criteria.criterion) as criteria
    from {{ source('lake', 'segments') }} as segments
    left join criteria
        on segments.segment_id = criteria.segment_id and not starts_with(criteria.criterion, 'exclude_')
    group by segments.segment_id
),

met as (
    select
        segment_id,
        contact_id,
        count(*) as criteria
    from matches
    where not starts_with(criterion, 'exclude_')
    group by segment_id, contact_id
),

chosen as (
    select
        needed.segment_id,
        met.contact_id
    from needed
    inner join met
        on needed.segment_id = met.segment_id and needed.criteria = met.criteria
    union all
    select
        needed.segment_id,
        contacts.contact_id
    from needed
    cross join contacts
    where needed.criteria = 0
)

select
    chosen.segment_id,
    chosen.contact_id
from chosen
anti join matches as excluded
    on
        chosen.segment_id = excluded.segment_id
        and chosen.contact_id = excluded.contact_id
        and starts_with(excluded.criterion, 'exclude_')
