{#- R-60: a range for machines; on the bench it stands for mobiles. -#}
{% macro contact__not_a_person() -%}
select {{ contact_finding('NOT_A_PERSON', number_rules="['fiction', 'live']") }}
from numbers
where number_kind = 'm2m'
{%- endmacro %}
