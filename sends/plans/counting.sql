-- What `sends.plans.counting` counts in the tables `audience` and `counted` of `sends.plans.temporary_tables`.

-- name: verdicts
select
    verdict,
    sum(contacts)::bigint as contacts
from counted
group by verdict;

-- name: reasons
select
    code,
    sum(contacts)::bigint as contacts
from (
    select
        unnest(codes) as code,
        contacts
    from counted
)
group by code;

-- name: bureaux
select
    bureau_code,
    count(*) as contacts
from audience
where bureau_code is not null
group by bureau_code;

-- name: allowed
select coalesce(sum(contacts), 0)::bigint as contacts
from counted
where decision = 'ALLOW';

-- name: newest_map
select max(map) as map
from address_ties;
