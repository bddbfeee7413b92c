-- How `outlook.expiring` finds contacts that are sendable now, and when they stop being so. It judges into the
-- temporary tables `judged`, `span_answers` and `fact_answers`; `sendable_now` and `ends` are made here.

-- name: sendable_now
create or replace temp table sendable_now as
select
    judged.contact_id,
    acts.partner_id
from judged
inner join acts
    on
        judged.contact_id = acts.contact_id
        and judged.best_delivery_id = acts.delivery_id
        and judged.best_line_number = acts.line_number
where judged.decision = 'ALLOW';

-- name: ends
create or replace temp table ends (contact_id uuid, lost_at timestamp, code varchar);

-- Instants at which the law changes.
-- name: changes_of_law
select distinct changed_at
from (
    select unnest([applies_from, applies_until]) as changed_at
    from rules
    where known_until = 'infinity'
)
where changed_at > $begins and changed_at < $ends
order by changed_at;

-- name: add_spans
insert into ends
select
    spans.contact_id,
    greatest(spans.from_at, $begins) as lost_at,
    answers.worst_code
from verdict_spans as spans
semi join sendable_now using (contact_id)
anti join live_facts using (contact_id)
inner join span_answers as answers
    on
        spans.situation_id = answers.situation_id
        and answers.is_elector = is_elector(spans.adult_on, $eligible_on::date)
where
    spans.from_at < $law_until
    and spans.until_at > $begins
    and answers.decision <> 'ALLOW';

-- Contacts with an opt-out, a click or a reply since the base was built.
-- name: with_facts
create or replace temp table with_facts as
select distinct contact_id
from sendable_now
semi join live_facts using (contact_id);

-- name: add_facts
insert into ends
select
    contact_id,
    $at as lost_at,
    worst_code
from fact_answers
where decision <> 'ALLOW';

-- One row per day, partner and code.
-- name: losses
with firsts as (
    select
        contact_id,
        min(lost_at) as lost_at,
        arg_min(code, (lost_at, code)) as code
    from ends
    group by contact_id
)

select
    timezone('Europe/Paris', timezone('UTC', firsts.lost_at))::date as lost_on,
    sendable_now.partner_id,
    coalesce(firsts.code, 'CONSENT_NOT_GIVEN') as code,
    count(*) as contacts
from firsts
inner join sendable_now
    on firsts.contact_id = sendable_now.contact_id
group by all
order by all;
