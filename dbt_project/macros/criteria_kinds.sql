{#- Kinds of selection criteria (rules README, TARGETING_NOT_CONSENTED) that a list lacks. -#}
{% macro criteria_kinds_not_in(kinds) -%}
    list_filter(['address', 'age', 'sex', 'area_results', 'area_income'], lambda kind: not list_contains({{ kinds }}, kind))
{%- endmacro %}
