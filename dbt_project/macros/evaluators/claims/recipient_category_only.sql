{#- R-05: the notice names categories only. -#}
{% macro claim__recipient_category_only() -%}
select {{ claim_finding('RECIPIENT_CATEGORY_ONLY') }}
from claims
where notice_status = 'known' and not is_for_us and parties_named = 0
{%- endmacro %}
