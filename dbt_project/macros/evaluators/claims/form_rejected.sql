{#- R-10: from the instant at which we switched the form version off. -#}
{% macro claim__form_rejected() -%}
select {{ claim_finding('FORM_REJECTED', applies_from='stopped_at') }}
from claims
where stopped_at is not null
{%- endmacro %}
