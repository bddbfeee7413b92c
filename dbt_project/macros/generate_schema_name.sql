{#- The schema of a model is the one it is configured with, as it stands: marts are read as main.<name>. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
