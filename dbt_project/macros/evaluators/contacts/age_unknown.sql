{#- R-41: no birth date is known. -#}
{% macro contact__age_unknown() -%}
select {{ contact_finding('AGE_UNKNOWN') }}
from beliefs
where birth_date is null
{%- endmacro %}
