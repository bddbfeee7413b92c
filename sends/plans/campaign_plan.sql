-- What `sends.plans.campaign_plan` writes to the ledger.

-- name: who_gets_a_message
select
    contact_id::varchar as contact_id,
    bureau_code,
    position,
    source
from decided_audience
where excluded_under is null
order by position;
