-- How `sends.plans.audience` chooses territories by public figures, and what it reads of an audience.

-- Addresses in whole bureaux, chosen by a candidate's share of the valid votes on the map of that election.
-- name: addresses_of_chosen_bureaux
with chosen as (
    select
        bureau_code,
        map
    from bureau_results
    where
        election = $vote_election
        and round = $vote_round
        and candidate = $vote_candidate
        and valid_votes > 0
        and votes / valid_votes >= coalesce($least_share, 0)
        and votes / valid_votes <= coalesce($most_share, 1)
)

select tie.address_key
from address_ties as tie
inner join chosen on tie.bureau_code = chosen.bureau_code and tie.map = chosen.map;

-- name: iris_of_income
select iris_code
from iris
where
    median_euros is not null
    and median_euros >= coalesce($least_euros, median_euros)
    and median_euros <= coalesce($most_euros, median_euros);

-- Places of the audience, the most frequent first.
-- name: places
select
    zones,
    is_territory_known,
    departement
from audience
group by all
order by count(*) desc, zones asc, is_territory_known asc, departement asc;

-- Bureaux chosen as above that are home of some of the audience and reveal votes.
-- name: revealing_bureaux
with chosen as (
    select
        bureau_code,
        map
    from bureau_results
    where
        election = $vote_election
        and round = $vote_round
        and candidate = $vote_candidate
        and valid_votes > 0
        and votes / valid_votes >= coalesce($least_share, 0)
        and votes / valid_votes <= coalesce($most_share, 1)
),

home as (
    select distinct
        t.bureau_code,
        t.map
    from audience
    inner join contacts as c using (contact_id)
    inner join address_ties as t on c.address_key = t.address_key
),

result as (
    select
        bureau_code,
        map,
        max(votes_cast) as votes_cast,
        max(votes / nullif(valid_votes, 0)) as top_share
    from bureau_results
    where election = $vote_election and round = $vote_round
    group by all
)

select count(*) as bureaux
from chosen
inner join home using (bureau_code, map)
inner join result using (bureau_code, map)
where votes_cast < $least_votes or top_share > $highest_share;
