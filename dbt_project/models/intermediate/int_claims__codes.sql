-- Each unit of macros/evaluators/claims says which claims its code concerns; what a unit may read stands here.
-- noqa: disable=structure.unused_cte
with

audited as (
    select
        claims.claim_id,
        claims.epoch,
        list(audits.finding) as audit_findings
    from {{ ref('int_claims__resolved') }} as claims
    inner join {{ ref('stg_dossiers__audits') }} as audits
        on
            claims.partner_id = audits.partner_id
            and audits.form_version in ('*', claims.form_version)
            and {{ believed('audits', 'claims') }}
    group by claims.claim_id, claims.epoch
),

chains as (
    select
        claims.claim_id,
        claims.epoch,
        count(*) as hops,
        count(*) filter (
            where chain.position > 1 and not list_contains(claims.notice_recipients, chain.name)
        ) as hops_not_named
    from {{ ref('int_claims__resolved') }} as claims
    inner join {{ ref('stg_dossiers__chain') }} as chain
        on claims.partner_id = chain.partner_id and {{ believed('chain', 'claims') }}
    group by claims.claim_id, claims.epoch
),

contradicted as (
    select
        claims.claim_id,
        claims.epoch,
        count(*) as contradictions
    from {{ ref('int_claims__resolved') }} as claims
    inner join {{ ref('stg_dossiers__notice_contradictions') }} as found
        on
            claims.partner_id = found.partner_id
            and claims.notice_id = found.notice_id
            and {{ believed('found', 'claims') }}
    group by claims.claim_id, claims.epoch
),

claims as (
    select
        claims.*,
        coalesce(contradicted.contradictions, 0) as contradictions,
        chains.hops,
        chains.hops_not_named,
        coalesce(audited.audit_findings, []) as audit_findings
    from {{ ref('int_claims__resolved') }} as claims
    left join audited
        on claims.claim_id = audited.claim_id and claims.epoch = audited.epoch
    left join chains
        on claims.claim_id = chains.claim_id and claims.epoch = chains.epoch
    left join contradicted
        on claims.claim_id = contradicted.claim_id and claims.epoch = contradicted.epoch
),

audit_gaps as (
    select * from {{ ref('int_claims__audit_gaps') }}
)

{{ every_evaluator_of('claim') }}
