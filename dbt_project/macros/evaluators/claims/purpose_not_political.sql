{#- R-08: a political purpose is not among the effective ones. -#}
{% macro claim__purpose_not_political() -%}
select {{ claim_finding('PURPOSE_NOT_POLITICAL') }}
from claims
where notice_status = 'known' and not list_contains(purposes, 'political')
{%- endmacro %}
