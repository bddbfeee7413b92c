-- By the knowledge of this instant or a later one everything here is known, so that spans answer as the judgement does.
with

instants as (
    select received_at as known_at
    from {{ ref('acts') }}
    union all
    select known_from
    from {{ ref('findings') }}
    union all
    select known_until
    from {{ ref('findings') }}
    where known_until < {{ for_ever() }}
    union all
    select unnest([known_from, known_until])
    from {{ ref('rules') }}
)

select coalesce(max(known_at), {{ since_ever() }}) as complete_from
from instants
where known_at < {{ for_ever() }}
