{#- R-61: Arcep's fiction range, anywhere but in demo and test. -#}
{% macro contact__fiction_number() -%}
select {{ contact_finding('FICTION_NUMBER', number_rules="['bench', 'live']") }}
from numbers
where is_fiction
{%- endmacro %}
