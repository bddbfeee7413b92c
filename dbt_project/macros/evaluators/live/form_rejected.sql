{#- R-10: acts by a form version that was switched off since the base was built; the base's own unit knows the
    others. -#}
{% macro live__form_rejected() -%}
select
    {{ live_finding('FORM_REJECTED', applies_from='occurred_at', act_number='known_acts.act_number') }}
from day_facts
inner join known_acts using (contact_id, delivery_id, line_number)
where kind = 'form_stop'
{%- endmacro %}
