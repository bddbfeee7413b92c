{#- R-39, R-40, R-70: not collected by the controller from the person; a partner without dossier is not direct. -#}
{% macro claim__ttpa_not_direct() -%}
select {{ claim_finding('TTPA_NOT_DIRECT') }}
from claims
where not coalesce(collected_directly, false)
{%- endmacro %}
