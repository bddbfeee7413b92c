{#- R-41: until the seventeenth birthday; or nobody in the bracket that is all that is known has reached it. -#}
{% macro contact__under_17() -%}
select {{ contact_finding('UNDER_17', applies_until='seventeen_at') }}
from beliefs
where seventeen_at > {{ judged_since() }}
union all
select {{ contact_finding('UNDER_17') }}
from brackets
where age_max < 17 and known_from < known_until
{%- endmacro %}
