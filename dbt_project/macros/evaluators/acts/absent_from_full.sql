{#- R-20: the record is no longer in the partner's newest full export. -#}
{% macro act__absent_from_full() -%}
select
    {{ act_finding(
        'ABSENT_FROM_FULL',
        applies_from='absent_from', applies_until='absent_until', known_from='known_from', known_until='known_until'
    ) }}
from absent
{%- endmacro %}
