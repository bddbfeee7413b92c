-- What `sends.plans.planning` reserves.

-- name: who_is_reserved
select contact_id::varchar as contact_id
from decided_audience
where excluded_under is null
order by contact_id;
