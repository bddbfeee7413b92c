{#- R-41: until the seventeenth birthday. -#}
{% macro contact__under_17() -%}
select {{ contact_finding('UNDER_17', applies_until='seventeen_at') }}
from beliefs
where seventeen_at > {{ judged_since() }}
{%- endmacro %}
