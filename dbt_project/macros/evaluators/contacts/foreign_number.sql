{#- R-60: not of France or its territories. -#}
{% macro contact__foreign_number() -%}
select {{ contact_finding('FOREIGN_NUMBER') }}
from numbers
where number_kind = 'foreign'
{%- endmacro %}
