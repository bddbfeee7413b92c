select
    election,
    round,
    bureau_code,
    map,
    candidate,
    registered,
    votes_cast,
    valid_votes,
    votes,
    votes / nullif(valid_votes, 0) as share_of_votes,
    source_id,
    vintage
from {{ source('lake', 'bureau_results') }}
