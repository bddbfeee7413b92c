-- Counts over the whole base, for `consent.judgement.situations`.

-- Whether the mart holds the situations of a moment.
-- name: counts_everyone
select coalesce(min(changed_at) <= $moment, false) as is_counted from situation_counts;

-- How many contacts are in which situation at the moment of a use.
-- name: situations_of_everyone
select
    situation_id,
    is_elector(adult_on, $use_eligible_on::date) as is_elector,
    sex,
    sum(contacts)::bigint as contacts
from situation_counts
where changed_at <= $use_moment::timestamp
group by all
having sum(contacts) <> 0;
