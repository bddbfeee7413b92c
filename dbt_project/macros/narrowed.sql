{#- A notice's list cut down to what the row states; null on either side: nothing shown, or nothing stated. -#}
{% macro narrowed(shown, stated) -%}
    case when {{ stated }} is null then {{ shown }} else list_intersect({{ shown }}, {{ stated }}) end
{%- endmacro %}
