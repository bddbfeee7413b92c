-- How `sends.plans.audience` asks the base for the contacts of an audience, and what it reads of them afterwards.

-- The evaluator is a macro of the base; a criterion that is null is not asked.
-- name: audience
select
    contact_id,
    bureau_code,
    birth_date,
    case when len(coalesce(zones, [])) = 0 then $default_zones::varchar[] else list_sort(zones) end as zones,
    commune_code is not null or postcode is not null as is_territory_known,
    case
        when list_contains($told_departements::varchar[], departement_of(commune_code))
            then departement_of(commune_code)
    end as departement
from
    audience_members(
        asked_communes := $communes::varchar[],
        asked_departements := $departements::varchar[],
        asked_bureaux := $bureaux::varchar[],
        asked_iris := $iris::varchar[],
        asked_sex := $sex::varchar,
        asked_least_age := $least_age::integer,
        asked_most_age := $most_age::integer,
        asked_election := $election::varchar,
        asked_round := $round::integer,
        asked_candidate := $candidate::varchar,
        asked_least_share := $least_share::double,
        asked_most_share := $most_share::double,
        asked_least_euros := $least_euros::double,
        asked_most_euros := $most_euros::double,
        asked_excluded_bureaux := $excluded_bureaux::varchar[],
        asked_excluded_sex := $excluded_sex::varchar,
        asked_map := $bureau_map::varchar,
        asked_day := $on_day::date
    )
where is_aged(birth_date, $least_reserved::integer, $most_reserved::integer, $polling_on::date);

-- The criteria for which the base offers a column of `contacts`.
-- name: offered_criteria
select distinct criterion
from criterion_columns();

-- Places of the audience, the most frequent first.
-- name: places
select
    zones,
    is_territory_known,
    departement
from audience
group by all
order by count(*) desc, zones asc, is_territory_known asc, departement asc;

-- Bureaux chosen by their results that are home of some of the audience and reveal votes.
-- name: revealing_bureaux
with chosen as (
    select
        bureau_code,
        map
    from chosen_bureaux(
        asked_election := $election::varchar,
        asked_round := $round::integer,
        asked_candidate := $candidate::varchar,
        asked_least_share := $least_share::double,
        asked_most_share := $most_share::double
    )
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
    where election = $election and round = $round
    group by all
)

select count(*) as bureaux
from chosen
inner join home using (bureau_code, map)
inner join result using (bureau_code, map)
where votes_cast < $least_votes or top_share > $highest_share;
