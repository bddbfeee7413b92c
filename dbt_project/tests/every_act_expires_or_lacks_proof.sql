-- An act without any finding is an act that nobody judged: each one has an end (R-11) or lacks its proof (R-09).
select
    acts.delivery_id,
    acts.line_number
from {{ ref('acts') }} as acts
left join {{ ref('findings') }} as findings
    on
        acts.delivery_id = findings.delivery_id
        and acts.line_number = findings.line_number
        and findings.code in ('CONSENT_EXPIRED', 'PROOF_INCOMPLETE')
where findings.code is null and {{ is_touched('acts.contact_id') }}
