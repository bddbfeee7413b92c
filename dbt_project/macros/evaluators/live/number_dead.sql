{#- R-64: operators reported the number unknown twice, 30 days apart. -#}
{% macro live__number_dead() -%}
select {{ live_finding('NUMBER_DEAD', applies_from='min(occurred_at)') }}
from day_facts
where kind = 'unknown_subscriber'
group by contact_id
having max(occurred_at) - min(occurred_at) >= interval 30 days
{%- endmacro %}
