{#- R-01: no act of the contact is known. -#}
{% macro asked__consent_not_given() -%}
select {{ live_finding('CONSENT_NOT_GIVEN') }}
from query_table(asked) as people
where not exists (select 1 from known_acts where known_acts.contact_id = people.contact_id)
{%- endmacro %}
