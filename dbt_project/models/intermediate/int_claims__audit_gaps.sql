-- Spans without a valid audit, by each belief about the audits (R-10): before the first, and from twelve months
-- after one until the next. A retired form needs one audit, of any date.
with

claims as (
    select
        claim_id,
        epoch,
        known_from,
        partner_id,
        form_version,
        coalesce(seen_until, {{ for_ever() }}) as seen_until
    from {{ ref('int_claims__resolved') }}
),

audits as (
    select
        claims.claim_id,
        claims.epoch,
        claims.seen_until,
        audits.audited_at,
        audits.due_at,
        lead(audits.audited_at) over (
            partition by claims.claim_id, claims.epoch order by audits.audited_at
        ) as next_audited_at
    from claims
    inner join {{ ref('stg_dossiers__audits') }} as audits
        on
            claims.partner_id = audits.partner_id
            and (audits.form_version = '*' or claims.form_version = audits.form_version)
            and {{ believed('audits', 'claims') }}
),

firsts as (
    select
        claims.claim_id,
        claims.epoch,
        coalesce(min(audits.audited_at), {{ for_ever() }}) as first_audited_at
    from claims
    left join audits
        on claims.claim_id = audits.claim_id and claims.epoch = audits.epoch
    group by claims.claim_id, claims.epoch
),

overdue as (
    select
        claim_id,
        epoch,
        due_at,
        least(coalesce(next_audited_at, {{ for_ever() }}), seen_until) as overdue_until
    from audits
)

select
    claim_id,
    epoch,
    {{ since_ever() }} as overdue_from,
    first_audited_at as overdue_until
from firsts
union all
select
    claim_id,
    epoch,
    due_at as overdue_from,
    overdue_until
from overdue
where due_at < overdue_until
