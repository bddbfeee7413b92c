{#- R-05: we are named; for a use without sponsor no sponsor is, for a use with one its own name must be there. The
    names stand in the finding, the use decides. -#}
{% macro claim__sponsor_not_named() -%}
select {{ claim_finding('SPONSOR_NOT_NAMED', sponsors_named='sponsors') }}
from claims
where notice_status = 'known' and is_for_us
{%- endmacro %}
