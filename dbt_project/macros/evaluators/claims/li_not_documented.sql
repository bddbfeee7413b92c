{#- R-01: legitimate interest until a test that shows people's expectation is signed. -#}
{% macro claim__li_not_documented() -%}
select {{ claim_finding('LI_NOT_DOCUMENTED', applies_until='balanced_from') }}
from claims
where legal_basis = 'legitimate_interest'
{%- endmacro %}
