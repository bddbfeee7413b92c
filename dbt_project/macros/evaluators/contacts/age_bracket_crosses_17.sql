{#- R-41: a bracket with ages on both sides of 17 is all that is known. -#}
{% macro contact__age_bracket_crosses_17() -%}
select {{ contact_finding('AGE_BRACKET_CROSSES_17') }}
from brackets
where coalesce(age_min, 0) < 17 and coalesce(age_max, 150) >= 17 and known_from < known_until
{%- endmacro %}
