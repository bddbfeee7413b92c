{#- R-12, R-18: bars every act but a later, direct one; a later act of a partner has the registry's own effect.
    Without acts it bars the contact. -#}
{% macro live__suppressed() -%}
select
    {{ live_finding(
        'SUPPRESSED', applies_from='suppressed_at', act_number='act_number', is_later='is_later'
    ) }}
from suppressed_acts
where
    not is_later
    or (contact_id, act_number) in (
        select (seen.contact_id, seen.act_number) from seen
        where
            seen.code = 'TTPA_NOT_DIRECT'
            and seen.contact_id in (select s.contact_id from suppressed_acts as s)
    )
{%- endmacro %}
