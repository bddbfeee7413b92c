with claims as (
    select * from {{ ref('int_claims__resolved') }}
)

select
    {{ claim_finding('PROOF_INCOMPLETE') }}
from claims
where not has_instant or form_version is null or notice_id is null
union all
-- A form version without a text on file cannot contradict the text shown.
select
    {{ claim_finding('PROOF_INCONSISTENT') }}
from claims
where (has_instant and not is_in_interval) or notice_id <> form_notice_id
