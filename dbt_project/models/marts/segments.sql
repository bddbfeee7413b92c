with

members as (
    select
        segment_id,
        count(*) as members
    from {{ ref('segment_members') }}
    group by segment_id
)

select
    segments.segment_id,
    segments.channel,
    segments.profile,
    segments.sponsor_id,
    coalesce(members.members, 0) as members
from {{ source('lake', 'segments') }} as segments
left join members
    on segments.segment_id = members.segment_id
