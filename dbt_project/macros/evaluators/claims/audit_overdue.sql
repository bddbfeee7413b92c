{#- R-10: spans without a valid audit. -#}
{% macro claim__audit_overdue() -%}
select {{ claim_finding('AUDIT_OVERDUE', applies_from='overdue_from', applies_until='overdue_until') }}
from audit_gaps
{%- endmacro %}
