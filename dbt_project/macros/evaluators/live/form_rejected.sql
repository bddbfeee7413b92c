{#- R-10: acts by a form version that was switched off since the base was built; the base's own unit knows the others. -#}
{% macro live__form_rejected() -%}
select
    {{ live_finding(
        'FORM_REJECTED', applies_from='occurred_at', delivery_id='delivery_id', line_number='line_number'
    ) }}
from day_facts
where kind = 'form_stop'
{%- endmacro %}
