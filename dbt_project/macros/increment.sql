{#- A base that starts as a copy of the serving one judges the touched contacts anew and keeps all others
    (publishing/affected_contacts.py, decision 0010). The builder then leaves their ids in `lake.touched`. -#}
{% macro is_grown_build() -%}
    {{- return(
        execute and adapter.get_relation(database=target.database, schema='lake', identifier='touched') is not none
    ) -}}
{%- endmacro %}

{#- True of the contacts whose rows this build makes: the touched ones, in a whole build all. -#}
{% macro is_touched(contact_id) -%}
    {%- if is_grown_build() -%} {{ contact_id }} in (select t.contact_id from lake.touched as t)
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}

{#- Hook before a mart of contacts: what the serving base said of the touched ones goes. -#}
{% macro forget_touched(mart) -%}
    {%- if is_grown_build() -%} delete from {{ mart }} where {{ is_touched('contact_id') }} {%- endif -%}
{%- endmacro %}

{#- Hook before a mart of claims: what the serving base said of those that this build makes anew goes. -#}
{% macro forget_claims(mart, claims) -%}
    {%- if is_grown_build() -%} delete from {{ mart }} where claim_id in (select c.claim_id from {{ claims }} as c) {%- endif -%}
{%- endmacro %}

{#- True of what the serving base's mart does not hold yet, in a whole build of all. -#}
{% macro is_new_to(mart, key) -%}
    {%- if is_grown_build() -%} {{ key }} not in (select known.{{ key }} from {{ mart }} as known)
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}

{#- dbt's own hook into the table that a generic test reads. Of a mart whose meta names a column as `judged_anew_by`:
    the rows that this build made. A test's own `where` holds besides, as in dbt. -#}
{% macro get_where_subquery(relation) -%}
    {%- set meta = graph.nodes[model.attached_node].config.meta if execute else {} -%}
    {%- set conditions = [config.get('where')] -%}
    {%- if meta.get('judged_anew_by') -%} {%- do conditions.append(is_touched(meta['judged_anew_by'])) -%} {%- endif -%}
    {%- if conditions | select | list -%}
        (select * from {{ relation }} where {{ conditions | select | join(' and ') }}) as read_by_test
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
