{#- R-19: an access request without a later answer, from the day after its calendar month; on the last day it is not
    late yet. -#}
{% macro live__dsar_late() -%}
select {{ live_finding('DSAR_LATE', applies_from='min(requests.occurred_at)') }}
from day_facts as requests
where
    requests.kind = 'access_request'
    and use_moment >= {{ paris_midnight(months_after(paris_date('requests.occurred_at'), 1) ~ ' + 1') }}
    and not exists (
        select 1 from day_facts as answers
        where
            answers.kind = 'access_answer'
            and answers.contact_id = requests.contact_id
            and answers.occurred_at >= requests.occurred_at
    )
group by contact_id
{%- endmacro %}
