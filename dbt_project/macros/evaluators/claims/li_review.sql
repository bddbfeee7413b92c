{#- R-01: legitimate interest from the day on which such a test is signed: a person reviews. -#}
{% macro claim__li_review() -%}
select {{ claim_finding('LI_REVIEW', applies_from='balanced_from') }}
from claims
where legal_basis = 'legitimate_interest' and balanced_from < {{ for_ever() }}
{%- endmacro %}
