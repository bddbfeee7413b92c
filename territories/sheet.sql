-- What `territories.sheet` asks the base about a bureau or a commune.

-- name: busiest_communes
select commune_code from address_ties
where bureau_code is not null and commune_code is not null
group by commune_code
order by count(distinct address_key) desc, commune_code limit $most;

-- name: commune_of_today
select
    parts.commune_code,
    min(parts.label),
    coalesce(min(whole.label), '')
from commune_names as parts
left join commune_names as whole
    on parts.commune_code = whole.known_code and parts.commune_code = whole.commune_code
where parts.known_code = $asked
group by parts.commune_code
order by parts.commune_code;

-- name: choose
create or replace temp table chosen as
with newest as (select * from bureaux qualify map = max(map) over (partition by commune_code)),

homes as (
    select
        bureau_code,
        map,
        commune_code,
        count(distinct address_key) as addresses
    from address_ties
    where bureau_code is not null
    group by all
),

mostly as (
    select
        bureau_code,
        map
    from homes
    qualify
        row_number() over (partition by bureau_code, map order by addresses desc, commune_code asc) = 1
        and commune_code = $asked
)

select newest.* from newest
where bureau_code = $asked or commune_code = $asked or (bureau_code, map) in (select (bureau_code, map) from mostly);

-- name: parts_of_successors
create or replace temp table parts as
select
    to_map,
    to_code,
    share_of_from
from bureau_crosswalk
where from_code = $bureau
qualify to_map = max(to_map) over ();

-- name: choose_successors
create or replace temp table chosen as
select *
from bureaux
where (bureau_code, map) in (select (to_code, to_map) from parts);

-- name: successors_in_words
select
    string_agg(
        format('{:.0f} % of it is in {} ({})', 100 * share_of_from, to_code, to_map), ', ' order by share_of_from desc
    )
from parts;

-- name: bureaux
select
    chosen.bureau_code,
    count(distinct ties.address_key),
    count(distinct ties.address_key) filter (match_confidence >= 0.95),
    any_value(source_id || ' ' || vintage)
from chosen
left join address_ties as ties using (bureau_code, map)
group by chosen.bureau_code
order by chosen.bureau_code;

-- name: results
with told as (
    select
        bureau_code,
        election,
        round,
        registered,
        null as registered_between,
        candidate,
        share_of_votes as share,
        null as between,
        is_withheld,
        false as is_estimate,
        1.0 as covered_share,
        source_id || ' ' || vintage as source
    from bureau_results semi join chosen using (bureau_code, map)
    union all
    select
        bureau_code,
        election,
        round,
        registered,
        [registered_low, registered_high],
        candidate,
        votes / nullif(valid_votes, 0),
        [votes_low / nullif(valid_votes, 0), votes_high / nullif(valid_votes, 0)],
        is_withheld,
        true,
        covered_share,
        from_map || ' by ' || rule
    from bureau_estimates semi join chosen using (bureau_code, map)
)

select
    bureau_code,
    election,
    round,
    any_value(registered),
    any_value(registered_between),
    bool_or(is_withheld),
    is_estimate,
    min(covered_share),
    any_value(source),
    list({ 'candidate': candidate, 'share': share, 'between': between } order by share desc, candidate asc)
    filter (share is not null) as candidates
from told
group by bureau_code, election, round, is_estimate
order by election, round;

-- name: incomes
select
    bureau_code,
    income_euros,
    level,
    covered_share,
    missing,
    rule,
    income_vintage
from bureau_income
semi join chosen using (bureau_code, map);

-- name: changes
select
    to_code,
    list(
        format('{} of {} ({}), {:.0f} % of it', change, from_code, from_map, 100 * share_of_from)
        order by share_of_to desc
    )
from bureau_crosswalk
where (to_code, to_map) in (select (bureau_code, map) from chosen)
group by to_code;

-- name: ties
with communes as (
    select distinct ties.commune_code from address_ties as ties semi join chosen using (bureau_code, map)
    union
    select commune_code from chosen
)

select
    match_kind,
    count(distinct address_key),
    count(distinct address_key) filter (bureau_code is not null)
from address_ties
where map = (select max(map) from chosen) and commune_code in (from communes)
group by match_kind
order by match_kind;
