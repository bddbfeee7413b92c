-- Several sources may tell of one round: the one that goes first serves.
select
    election,
    round,
    bureau_code,
    map,
    candidate,
    nuance,
    registered,
    votes_cast,
    valid_votes,
    votes,
    votes / nullif(valid_votes, 0) as share_of_votes,
    votes_cast < 100 or coalesce(
        max(votes / nullif(valid_votes, 0)) over (partition by election, round, source_id, bureau_code), 0
    ) > 0.90 as is_withheld,
    source_id,
    vintage
from {{ source('lake', 'bureau_results') }}
qualify dense_rank() over (partition by election, round order by coalesce(precedence, 1), source_id) = 1
