{#- R-05: the notice names some party, and we are not among the effective recipients. -#}
{% macro claim__recipient_not_named() -%}
select {{ claim_finding('RECIPIENT_NOT_NAMED') }}
from claims
where notice_status = 'known' and not is_for_us and parties_named > 0
{%- endmacro %}
