select
    partner_id,
    form_version,
    audited_on,
    auditor,
    finding,
    known_from,
    coalesce(known_until, {{ for_ever() }}) as known_until,
    {{ paris_midnight('audited_on') }} as audited_at,
    {{ paris_midnight(months_after('audited_on', 12)) }} as due_at
from {{ source('lake', 'dossier_audits') }}
