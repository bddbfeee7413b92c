-- A member satisfies every criterion of its segment and none that excludes; no criterion = every contact.
with

needed as (
    select
        segments.segment_id,
        count(distinct criteria.criterion) as criteria
    from {{ source('lake', 'segments') }} as segments
    left join {{ source('lake', 'segment_criteria') }} as criteria
        on segments.segment_id = criteria.segment_id and not starts_with(criteria.criterion, 'exclude_')
    group by segments.segment_id
),

met as (
    select
        segment_id,
        contact_id,
        count(*) as criteria
    from {{ ref('int_segments__matches') }}
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
    cross join {{ ref('contacts') }} as contacts
    where needed.criteria = 0
)

select
    chosen.segment_id,
    chosen.contact_id
from chosen
anti join {{ ref('int_segments__matches') }} as excluded
    on
        chosen.segment_id = excluded.segment_id
        and chosen.contact_id = excluded.contact_id
        and starts_with(excluded.criterion, 'exclude_')
