-- A member satisfies every criterion of its segment and none that excludes; no criterion = every contact.
with

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

asked as (
    select
        segments.segment_id,
        list(criteria.text_value) filter (where criteria.criterion = 'communes') as communes,
        list(criteria.text_value) filter (where criteria.criterion = 'departements') as departements,
        list(criteria.text_value) filter (where criteria.criterion = 'bureaux') as bureaux,
        list(criteria.text_value) filter (where criteria.criterion = 'iris') as iris,
        max(criteria.text_value) filter (where criteria.criterion = 'sex') as sex,
        max(criteria.low) filter (where criteria.criterion = 'age') as least_age,
        max(criteria.high) filter (where criteria.criterion = 'age') as most_age,
        max(criteria.election) filter (where criteria.criterion = 'bureau_vote') as election,
        max(criteria.round) filter (where criteria.criterion = 'bureau_vote') as round,
        max(criteria.text_value) filter (where criteria.criterion = 'bureau_vote') as candidate,
        max(criteria.low) filter (where criteria.criterion = 'bureau_vote') as least_share,
        max(criteria.high) filter (where criteria.criterion = 'bureau_vote') as most_share,
        max(criteria.low) filter (where criteria.criterion = 'iris_income') as least_euros,
        max(criteria.high) filter (where criteria.criterion = 'iris_income') as most_euros,
        list(criteria.text_value) filter (where criteria.criterion = 'exclude_bureaux') as excluded_bureaux,
        max(criteria.text_value) filter (where criteria.criterion = 'exclude_sex') as excluded_sex
    from {{ source('lake', 'segments') }} as segments
    left join {{ source('lake', 'segment_criteria') }} as criteria
        on segments.segment_id = criteria.segment_id
    group by segments.segment_id
),

segments as (
    select
        *,
        {{ with_arrondissements('communes') }} as communes_and_arrondissements
    from asked
),

chosen_addresses as (
    select distinct
        segments.segment_id,
        ties.address_key
    from segments
    inner join {{ ref('bureau_results') }} as results
        on {{ is_chosen_result('results', 'segments.') }}
    inner join ties
        on results.bureau_code = ties.bureau_code and results.map = ties.map
),

chosen_iris as (
    select
        segments.segment_id,
        iris.iris_code
    from segments
    inner join {{ ref('iris') }} as iris
        on
            (segments.least_euros is not null or segments.most_euros is not null)
            and {{ is_chosen_income('iris', 'segments.') }}
)

select
    segments.segment_id,
    c.contact_id
from segments
cross join ageing
cross join {{ ref('contacts') }} as c
left join newest_ties as t
    on c.address_key = t.address_key
left join chosen_addresses
    on
        segments.segment_id = chosen_addresses.segment_id
        and {{ criterion_column('bureau_vote') }} = chosen_addresses.address_key
left join chosen_iris
    on
        segments.segment_id = chosen_iris.segment_id
        and {{ criterion_column('iris_income') }} = chosen_iris.iris_code
where
    {{ meets_criteria(
        'segments.', 'segments.communes_and_arrondissements', 'chosen_addresses.address_key is not null',
        'chosen_iris.iris_code is not null', 'ageing.aged_on'
    ) }}
