{#- R-41: from the seventeenth to the eighteenth birthday. -#}
{% macro contact__minor_at_send() -%}
select {{ contact_finding('MINOR_AT_SEND', applies_from='seventeen_at', applies_until='adult_at') }}
from beliefs
where adult_at > {{ judged_since() }}
{%- endmacro %}
