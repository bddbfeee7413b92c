{#- R-60: kinds of number that receive no SMS. -#}
{% macro contact__not_mobile() -%}
select {{ contact_finding('NOT_MOBILE', channel="'sms'") }}
from numbers
where number_kind in ('landline', 'voip', 'special')
{%- endmacro %}
