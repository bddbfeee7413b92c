{#- R-07: as the dossier declares it, or as an audit found it. -#}
{% macro claim__pre_ticked() -%}
select {{ claim_finding('PRE_TICKED') }}
from claims
where box_default = 'ticked' or list_contains(audit_findings, 'pre_ticked')
{%- endmacro %}
