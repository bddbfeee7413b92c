{#- Fails on rows that share the values of `columns`, the grain of the table, and on rows that miss one of them.
    One test instead of one per column: each test is a start of dbt's machinery and four events in Dagster's log.

    `may_be_null`: columns of the key whose null means something. -#}
{% test primary_key(model, columns, may_be_null=[]) %}
    select {{ columns | join(', ') }}, count(*) as rows_that_share_it
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in columns if column not in may_be_null %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}
