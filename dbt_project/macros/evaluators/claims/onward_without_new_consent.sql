{#- R-06: a chain longer than two with a hop after the first that the notice does not name. -#}
{% macro claim__onward_without_new_consent() -%}
select {{ claim_finding('ONWARD_WITHOUT_NEW_CONSENT') }}
from claims
where hops > 2 and hops_not_named > 0
{%- endmacro %}
