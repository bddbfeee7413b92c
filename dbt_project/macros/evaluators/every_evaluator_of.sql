{#- The registry finds an evaluator by its code: the macro `<subject>__<code>` in the folder of its subject. All of
    a subject as one query; a new rule is a new file, and no list to add it to.
    subject: 'claim', 'act', 'contact', 'asked' or 'live'. -#}
{% macro every_evaluator_of(subject) -%}
    {%- set units = [] -%}
    {%- for name in (context.keys() if context is defined else []) | sort if name.startswith(subject ~ '__') -%}
        {%- do units.append(name) -%}
    {%- endfor -%}
    {%- for unit in units %}
-- {{ unit }}
{{ context[unit]() }}
{{ "union all" if not loop.last }}
    {%- else -%}
        select * from {{ subject }}s
    {%- endfor -%}
{%- endmacro %}
