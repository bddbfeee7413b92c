{#- R-13: closed list of origins that no purpose can heal. -#}
{% macro claim__source_forbidden() -%}
select {{ claim_finding('SOURCE_FORBIDDEN') }}
from claims
where source_type in (
    'hr_file', 'loyalty_without_prospecting', 'patients', 'municipal_file', 'school_file', 'petition_other_subject'
)
{%- endmacro %}
