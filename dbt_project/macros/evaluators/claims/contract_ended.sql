{#- R-10: the act lies after the last day of the contract. -#}
{% macro claim__contract_ended() -%}
select {{ claim_finding('CONTRACT_ENDED') }}
from claims
where slot_from >= contract_ends_at
{%- endmacro %}
