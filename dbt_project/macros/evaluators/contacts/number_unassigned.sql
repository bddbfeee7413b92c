{#- R-60: a range of nobody; on the bench it stands for mobiles. -#}
{% macro contact__number_unassigned() -%}
select {{ contact_finding('NUMBER_UNASSIGNED', number_rules="['fiction', 'live']") }}
from numbers
where number_kind = 'unassigned'
{%- endmacro %}
