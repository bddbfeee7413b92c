{#- Who is in an audience: the one evaluator of its criteria. The mart `segment_members` renders it for all named
    segments; the base carries it as the table macro `audience_members`, which counts and plans ask. Criteria narrow,
    values within a criterion widen, a criterion that is null is not asked. `asked` is the prefix of their names. -#}

{#- Where a model failed there is nothing to ask, and the failure itself is what dbt must report. -#}
{% macro create_audience_macros() %}
    {% set read = ['address_ties', 'bureau_results', 'contacts', 'iris'] %}
    {% if execute and flags.WHICH in ('build', 'run') and has_marts(read) %}
        {% for statement in [criterion_columns_sql(), departement_of_sql(), is_aged_sql(), chosen_bureaux_sql(),
                             audience_members_sql()] %}
            {% do run_query(statement) %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{#- What a criterion reads of `contacts as c`: the column whose meta names the criterion, or an expression in its
    place. Null where no column does: then the criterion finds nobody. -#}
{% macro criterion_column(criterion, expression=none) -%}
    {%- set columns = [] -%}
    {%- if execute -%}
        {%- for column in graph.nodes['model.filiation.contacts'].columns.values() -%}
            {%- if criterion in column.meta.get('criteria', []) -%}{%- do columns.append(column.name) -%}{%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{- (expression or 'c.' ~ columns[0]) if columns else 'null' -}}
{%- endmacro %}

{#- The criteria that the base offers, and the column that each reads: a base tells it of itself, because it serves
    after the code has changed. -#}
{% macro criterion_columns_sql() -%}
    create or replace macro main.criterion_columns() as table
    select
        null::varchar as criterion,
        null::varchar as column_name
    where false
    {%- for column in graph.nodes['model.filiation.contacts'].columns.values() -%}
        {%- for criterion in column.meta.get('criteria', []) %}
    union all
    select
        '{{ criterion }}' as criterion,
        '{{ column.name }}' as column_name
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{% macro departement_of_sql() -%}
    create or replace macro main.departement_of(code) as {{ departement_of('code') }}
{%- endmacro %}

{#- True where a birth date gives an age in completed years within bounds on a day; a bound that is null is open. -#}
{% macro is_aged(birth_date, least, most, on_day) -%}
    coalesce(
        ({{ least }} is null or {{ birth_date }} + to_years({{ least }}::integer) <= {{ on_day }})
        and ({{ most }} is null or {{ birth_date }} + to_years({{ most }}::integer + 1) > {{ on_day }}),
        false
    )
{%- endmacro %}

{% macro is_aged_sql() -%}
    create or replace macro main.is_aged(birth_date, least_age, most_age, aged_on) as
    {{ is_aged('birth_date', 'least_age', 'most_age', 'aged_on') }}
{%- endmacro %}

{#- True where a result of a bureau chooses it: a candidate's share of the valid votes, bounds included. -#}
{% macro is_chosen_result(results, asked) -%}
    {{ results }}.election = {{ asked }}election
    and {{ results }}.round = {{ asked }}round
    and {{ results }}.candidate = {{ asked }}candidate
    and {{ results }}.share_of_votes >= coalesce({{ asked }}least_share, 0)
    and {{ results }}.share_of_votes <= coalesce({{ asked }}most_share, 1)
{%- endmacro %}

{#- True where the median income of an IRIS, in euros a year, chooses it, bounds included. -#}
{% macro is_chosen_income(iris, asked) -%}
    {{ iris }}.median_euros >= coalesce({{ asked }}least_euros, {{ iris }}.median_euros)
    and {{ iris }}.median_euros <= coalesce({{ asked }}most_euros, {{ iris }}.median_euros)
{%- endmacro %}

{#- True where a contact `c`, with its tie `t` on the map that is asked, meets every criterion.
    communes: codes that are asked, with the arrondissements of those that vote as one.
    in_chosen_bureau, in_chosen_iris: whether the contact lives where public figures choose. -#}
{% macro meets_criteria(asked, communes, in_chosen_bureau, in_chosen_iris, aged_on) -%}
    ({{ asked }}communes is null or list_contains({{ communes }}, {{ criterion_column('communes') }}))
    and (
        {{ asked }}departements is null
        or list_contains({{ asked }}departements, {{ departement_of('(' ~ criterion_column('departements') ~ ')') }})
    )
    and (
        {{ asked }}bureaux is null
        or list_contains({{ asked }}bureaux, {{ criterion_column('bureaux', 't.bureau_code') }})
    )
    and ({{ asked }}iris is null or list_contains({{ asked }}iris, {{ criterion_column('iris') }}))
    and ({{ asked }}sex is null or {{ asked }}sex = {{ criterion_column('sex') }})
    and (
        ({{ asked }}least_age is null and {{ asked }}most_age is null)
        or {{ is_aged(criterion_column('age') ~ '::date', asked ~ 'least_age', asked ~ 'most_age', aged_on) }}
    )
    and ({{ asked }}candidate is null or {{ in_chosen_bureau }})
    and (({{ asked }}least_euros is null and {{ asked }}most_euros is null) or {{ in_chosen_iris }})
    and (
        {{ asked }}excluded_bureaux is null
        or (
            {{ criterion_column('bureaux', 'true') }}
            and (t.bureau_code is null or not list_contains({{ asked }}excluded_bureaux, t.bureau_code))
        )
    )
    and (
        {{ asked }}excluded_sex is null
        or ({{ criterion_column('sex', 'true') }} and {{ asked }}excluded_sex is distinct from {{ criterion_column('sex') }})
    )
{%- endmacro %}

{% macro chosen_bureaux_sql() -%}
    create or replace macro main.chosen_bureaux(
        asked_election, asked_round, asked_candidate, asked_least_share, asked_most_share
    ) as table
    select
        results.bureau_code,
        results.map
    from bureau_results as results
    where {{ is_chosen_result('results', 'asked_') }}
{%- endmacro %}

{#- One row per contact that meets the criteria, with what counts and plans need of it, and its bureau on a map. Whether
    it may be reached is judged by `judge_use`. Bound parameters fold into constants, so a criterion that is not asked
    costs nothing: thus parameters instead of a relation of criteria. -#}
{% macro audience_members_sql() -%}
    {%- set in_chosen_bureau -%}
        {{ criterion_column('bureau_vote') }} in (
            select ties.address_key
            from address_ties as ties
            inner join bureau_results as results on ties.bureau_code = results.bureau_code and ties.map = results.map
            where {{ is_chosen_result('results', 'asked_') }}
        )
    {%- endset -%}
    {%- set in_chosen_iris -%}
        {{ criterion_column('iris_income') }} in (
            select iris.iris_code from iris
            where {{ is_chosen_income('iris', 'asked_') }}
        )
    {%- endset -%}
    create or replace macro main.audience_members(
        asked_communes, asked_departements, asked_bureaux, asked_iris, asked_sex, asked_least_age, asked_most_age,
        asked_election, asked_round, asked_candidate, asked_least_share, asked_most_share,
        asked_least_euros, asked_most_euros, asked_excluded_bureaux, asked_excluded_sex, asked_map, asked_day
    ) as table
    select
        c.contact_id,
        c.birth_date,
        c.commune_code,
        c.postcode,
        c.zones,
        t.bureau_code
    from contacts as c
    left join address_ties as t
        on c.address_key = t.address_key and t.map = asked_map
    where
        {{ meets_criteria('asked_', with_arrondissements('asked_communes'), in_chosen_bureau, in_chosen_iris, 'asked_day') }}
{%- endmacro %}
