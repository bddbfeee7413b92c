-- Results of an election read on a newer bureau map. Two errors are in the interval: where in its bureau a vote was
-- cast (a part of share s moves in blocks: 0.3 s (1 - s) of the square of the count), and the roll that changes between
-- two elections (2.2 % of the estimate). Both are measured on the bureaux of Paris, 2022 to 2024.
with

parts as (
    select
        results.election,
        results.round,
        crosswalk.to_map as map,
        crosswalk.to_code as bureau_code,
        results.candidate,
        results.map as from_map,
        crosswalk.rule,
        crosswalk.share_of_from as share,
        crosswalk.share_of_to,
        results.registered,
        results.votes_cast,
        results.valid_votes,
        results.votes
    from {{ ref('bureau_results') }} as results
    inner join {{ source('lake', 'territory_overlaps') }} as crosswalk
        on
            crosswalk.to_kind = 'bureau'
            and results.map = crosswalk.from_map
            and results.bureau_code = crosswalk.from_code
),

summed as (
    select
        election,
        round,
        map,
        bureau_code,
        candidate,
        from_map,
        sum(registered * share) as registered,
        sum(votes_cast * share) as votes_cast,
        sum(valid_votes * share) as valid_votes,
        sum(votes * share) as votes,
        sqrt(pow(0.022 * sum(registered * share), 2) + 0.3 * sum(pow(registered, 2) * share * (1 - share)))
            as registered_error,
        sqrt(pow(0.022 * sum(votes * share), 2) + 0.3 * sum(pow(votes, 2) * share * (1 - share))) as votes_error,
        least(1, sum(share_of_to)) as covered_share,
        string_agg(distinct rule, ' ' order by rule) as rule
    from parts
    group by election, round, map, bureau_code, candidate, from_map
),

judged as (
    select
        *,
        max(votes / nullif(valid_votes, 0)) over (partition by election, round, map, bureau_code) as top_share
    from summed
)

select
    election,
    round,
    map,
    bureau_code,
    candidate,
    from_map,
    round(registered, 1) as registered,
    round(greatest(0, registered - 1.2816 * registered_error), 1) as registered_low,
    round(registered + 1.2816 * registered_error, 1) as registered_high,
    round(votes_cast, 1) as votes_cast,
    round(valid_votes, 1) as valid_votes,
    round(votes, 1) as votes,
    round(greatest(0, votes - 1.2816 * votes_error), 1) as votes_low,
    round(votes + 1.2816 * votes_error, 1) as votes_high,
    round(covered_share, 4) as covered_share,
    rule,
    votes_cast < 100 or top_share > 0.90 as is_withheld
from judged
