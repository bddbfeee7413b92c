-- What `lineage.lookups.judged_use` reads beside the judgement. `$asked` and `$live_facts` are names of relations.

-- name: proofs
select
    delivery_id,
    line_number,
    evidence_grade,
    evidence_missing
from opt_ins
where flag = 'given' and contact_id in (select contact_id from query_table($asked));

-- Delivered records about the asked contact that were known, the oldest first.
-- name: lines
select
    delivery_id,
    partner_id,
    line_number,
    signal,
    occurred_at,
    known_at
from consent_events
where
    contact_id in (select contact_id from query_table($asked))
    and known_at <= $known_by
    and delivery_id is not null
order by occurred_at nulls first, known_at, delivery_id, line_number;

-- name: ledger_facts
select
    kind,
    occurred_at,
    known_at
from query_table($live_facts)
where occurred_at <= $moment and known_at <= $known_by
order by occurred_at, known_at, kind;
