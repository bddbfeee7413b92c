{#- R-07: one button for both, or refusing is harder, as declared or as an audit found it. -#}
{% macro claim__dark_pattern() -%}
select {{ claim_finding('DARK_PATTERN') }}
from claims
where act = 'button' or not refusal_as_easy or list_contains(audit_findings, 'single_button')
{%- endmacro %}
