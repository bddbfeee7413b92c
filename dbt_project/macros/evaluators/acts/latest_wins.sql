{#- R-12: refused later or at the same instant. -#}
{% macro act__latest_wins() -%}
select
    {{ act_finding('LATEST_WINS', applies_from='occurred_at', known_from='known_from', known_until='known_until') }}
from taken_back
where event_state = 'ConsentRefused'
{%- endmacro %}
