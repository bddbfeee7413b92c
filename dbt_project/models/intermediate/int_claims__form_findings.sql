-- What the form was: as the dossier declares it, or as an audit found it; a finding holds whenever the act was made.
with

claims as (
    select
        claims.*,
        coalesce(list(audits.finding) filter (where audits.finding is not null), []) as audit_findings
    from {{ ref('int_claims__resolved') }} as claims
    left join {{ ref('stg_dossiers__audits') }} as audits
        on
            claims.partner_id = audits.partner_id
            and audits.form_version in ('*', claims.form_version)
            and {{ believed('audits', 'claims') }}
    group by all
)

select
    {{ claim_finding('PRE_TICKED') }}
from claims
where box_default = 'ticked' or list_contains(audit_findings, 'pre_ticked')
union all
select
    {{ claim_finding('DARK_PATTERN') }}
from claims
where act = 'button' or not refusal_as_easy or list_contains(audit_findings, 'single_button')
union all
select
    {{ claim_finding('NOT_FREE') }}
from claims
where bundled_with_entry or list_contains(audit_findings, 'entry_requires_consent')
union all
select
    {{ claim_finding('FORM_REJECTED', applies_from='stopped_at') }}
from claims
where stopped_at is not null
