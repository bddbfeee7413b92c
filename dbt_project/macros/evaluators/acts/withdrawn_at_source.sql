{#- R-12, R-20: withdrawn at the partner later or at the same instant. -#}
{% macro act__withdrawn_at_source() -%}
select
    {{ act_finding('WITHDRAWN_AT_SOURCE', applies_from='occurred_at', known_from='known_from', known_until='known_until') }}
from taken_back
where event_state = 'ConsentWithdrawn'
{%- endmacro %}
