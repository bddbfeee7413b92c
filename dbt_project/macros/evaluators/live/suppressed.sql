{#- R-12, R-18: bars every act but a later, direct one; a later act of a partner has the registry's own effect.
    Without acts it bars the contact. -#}
{% macro live__suppressed() -%}
select
    {{ live_finding(
        'SUPPRESSED', applies_from='suppressed_at', delivery_id='delivery_id', line_number='line_number', is_later='is_later'
    ) }}
from suppressed_acts
where
    not is_later
    or (delivery_id, line_number) in (
        select (seen.delivery_id, seen.line_number) from seen
        where seen.code = 'TTPA_NOT_DIRECT'
    )
{%- endmacro %}
