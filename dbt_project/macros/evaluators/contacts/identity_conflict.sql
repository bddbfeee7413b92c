{#- R-64: rows of one number state two birth dates. -#}
{% macro contact__identity_conflict() -%}
select {{ contact_finding('IDENTITY_CONFLICT') }}
from beliefs
where has_conflict
{%- endmacro %}
