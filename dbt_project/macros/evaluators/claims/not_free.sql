{#- R-07: taking part requires the consent, as declared or as an audit found it. -#}
{% macro claim__not_free() -%}
select {{ claim_finding('NOT_FREE') }}
from claims
where bundled_with_entry or list_contains(audit_findings, 'entry_requires_consent')
{%- endmacro %}
