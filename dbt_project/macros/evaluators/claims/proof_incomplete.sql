{#- R-09: instant, form version or text shown is lacking or unknown to the dossier. -#}
{% macro claim__proof_incomplete() -%}
select {{ claim_finding('PROOF_INCOMPLETE') }}
from claims
where not has_instant or form_version is null or notice_id is null
{%- endmacro %}
