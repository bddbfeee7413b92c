with

claims as (
    select * from {{ ref('int_claims__resolved') }}
),

chains as (
    select
        claims.claim_id,
        claims.epoch,
        count(*) as hops,
        count(*) filter (
            where chain.position > 1 and not list_contains(claims.notice_recipients, chain.name)
        ) as hops_not_named
    from claims
    inner join {{ ref('stg_dossiers__chain') }} as chain
        on claims.partner_id = chain.partner_id and {{ believed('chain', 'claims') }}
    group by claims.claim_id, claims.epoch
)

select
    {{ claim_finding('TTPA_NOT_DIRECT') }}
from claims
where not coalesce(collected_directly, false)
union all
select
    {{ claim_finding('ONWARD_WITHOUT_NEW_CONSENT') }}
from chains
where hops > 2 and hops_not_named > 0
union all
select
    {{ claim_finding('CONTRACT_ENDED') }}
from claims
where slot_from >= contract_ends_at
union all
-- Closed list of origins that no purpose can heal (R-13).
select
    {{ claim_finding('SOURCE_FORBIDDEN') }}
from claims
where
    source_type in (
        'hr_file', 'loyalty_without_prospecting', 'patients', 'municipal_file', 'school_file', 'petition_other_subject'
    )
union all
-- Legitimate interest needs a test that shows people's expectation (R-01); from the day it is signed a person reviews.
select
    {{ claim_finding('LI_NOT_DOCUMENTED', applies_until='balanced_from') }}
from claims
where legal_basis = 'legitimate_interest'
union all
select
    {{ claim_finding('LI_REVIEW', applies_from='balanced_from') }}
from claims
where legal_basis = 'legitimate_interest' and balanced_from < {{ for_ever() }}
