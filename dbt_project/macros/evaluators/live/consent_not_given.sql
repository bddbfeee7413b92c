{#- R-01: no act of the contact is known. -#}
{% macro live__consent_not_given() -%}
select distinct {{ live_finding('CONSENT_NOT_GIVEN') }}
from query_table(asked)
where contact_id not in (select known_acts.contact_id from known_acts)
{%- endmacro %}
