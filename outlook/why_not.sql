-- How `outlook.why_not` counts records, and the contacts of the temporary table `counted`.

-- name: totals
select
    coalesce(sum(contacts), 0)::bigint as contacts,
    coalesce(sum(contacts) filter (where decision = 'ALLOW'), 0)::bigint as sendable
from counted;

-- One row per code: contacts that have it as their worst, and contacts that have it at all.
-- name: reasons
with told as (
    select
        contacts,
        coalesce(worst_code, $nothing_given) as worst_code,
        list_distinct(list_append(codes, coalesce(worst_code, $nothing_given))) as codes
    from counted
    where decision <> 'ALLOW'
),

coded as (
    select
        unnest(codes) as code,
        worst_code,
        contacts
    from told
),

sentences as (
    select
        code,
        any_value(sentence order by known_until desc, applies_from desc) as sentence
    from rules
    group by code
)

select
    coded.code,
    any_value(sentences.sentence) as sentence,
    coalesce(sum(coded.contacts) filter (where coded.code = coded.worst_code), 0)::bigint as exclusive,
    sum(coded.contacts)::bigint as overlapping
from coded
left join sentences
    on coded.code = sentences.code
group by coded.code
order by exclusive desc, overlapping desc, coded.code asc;

-- name: records
select
    (select count(*) from opt_ins) as opt_ins,
    (
        select count(*) from opt_ins
        where flag = 'given'
    ) as given,
    (select count(*) from withdrawals) as withdrawals,
    (select count(*) from quarantine) as quarantined;
