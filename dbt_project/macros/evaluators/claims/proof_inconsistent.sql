{#- R-09: the instant lies outside the form's interval, or the text shown is not the form's. A form without a text on
    file cannot contradict the text shown. -#}
{% macro claim__proof_inconsistent() -%}
select {{ claim_finding('PROOF_INCONSISTENT') }}
from claims
where (has_instant and not is_in_interval) or notice_id <> form_notice_id
{%- endmacro %}
