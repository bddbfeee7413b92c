-- How `sends.plans.judging` counts answers of the judgement. `$asked`, `$live_facts`, `$situations` name relations.

-- name: asked_with_facts
select contact_id
from query_table($asked)
semi join query_table($live_facts) using (contact_id);

-- name: found_situations
select
    spans.situation_id,
    is_elector(spans.adult_on, $eligible_on::date) as is_elector,
    count(*) as contacts
from verdict_spans as spans
semi join query_table($asked) as asked on spans.contact_id = asked.contact_id
anti join query_table($live_facts) as facts on spans.contact_id = facts.contact_id
where spans.from_at <= $moment::timestamp and spans.until_at > $moment::timestamp
group by all;

-- name: every_situation
select *
from query_table($situations);
