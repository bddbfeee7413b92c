{#- R-41: for uses that need an elector on a day before the eighteenth birthday. -#}
{% macro contact__not_elector() -%}
select {{ contact_finding('NOT_ELECTOR', adult_on='adult_on') }}
from beliefs
where adult_at > {{ judged_since() }}
{%- endmacro %}
