{#- R-40: the notice does not speak of targeting at all, or not of these kinds of criteria. -#}
{% macro claim__targeting_not_consented() -%}
select {{ claim_finding('TARGETING_NOT_CONSENTED') }}
from claims
where notice_status = 'known' and not mentions_targeting
union all
select {{ claim_finding('TARGETING_NOT_CONSENTED', criteria_kinds=criteria_kinds_not_in('targeting_by')) }}
from claims
where notice_status = 'known' and mentions_targeting and len({{ criteria_kinds_not_in('targeting_by') }}) > 0
{%- endmacro %}
