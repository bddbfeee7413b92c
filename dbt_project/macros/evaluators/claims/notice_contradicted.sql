{#- R-08, R-05: what the dossier declares of the notice is not what its text says, as the linter of texts reads it. -#}
{% macro claim__notice_contradicted() -%}
select {{ claim_finding('NOTICE_CONTRADICTED') }}
from claims
where contradictions > 0
{%- endmacro %}
