{#- R-11: 36 calendar months from the consent's date in Paris; on that day it is already too old. -#}
{% macro act__consent_expired() -%}
select {{ act_finding('CONSENT_EXPIRED', applies_from=paris_midnight(months_after('consented_on', 36))) }}
from acts
where consented_at is not null
{%- endmacro %}
