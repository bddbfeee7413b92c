{#- List of the names whose condition is true, in their order: `{'ip': 'ip_key is null'}`. -#}
{% macro missing_elements(conditions) -%}
    list_filter([
        {%- for name, condition in conditions.items() %}
        case when {{ condition }} then '{{ name }}' end{{ "," if not loop.last }}
        {%- endfor %}
    ], lambda name: name is not null)
{%- endmacro %}
