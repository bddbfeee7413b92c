-- 36 calendar months from the consent's date in Paris; on that day it is already too old (R-11).
select
    {{ act_finding('CONSENT_EXPIRED', applies_from=paris_midnight(months_after('consented_on', 36))) }}
from {{ ref('int_acts') }}
where consented_at is not null
