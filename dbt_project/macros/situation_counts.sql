{#- How many contacts are in which situation, as changes: what stood when the newest file arrived, then what comes and
    goes. The sum of the changes up to a later instant is the count of that instant. `spans` reads as
    `verdict_spans`. -#}
{% macro situation_changes(spans, deliveries) -%}
    with

    newest as (
        select coalesce(max(received_at), {{ since_ever() }}) as at
        from {{ deliveries }}
    ),

    open_spans as (
        select
            greatest(spans.from_at, newest.at) as from_at,
            spans.until_at,
            spans.situation_id,
            spans.sex,
            spans.adult_on
        from {{ spans }} as spans
        cross join newest
        where spans.until_at > newest.at
    ),

    changes as (
        select
            from_at as changed_at,
            situation_id,
            sex,
            adult_on,
            1 as contacts
        from open_spans
        union all
        select
            until_at as changed_at,
            situation_id,
            sex,
            adult_on,
            -1 as contacts
        from open_spans
        where until_at < {{ for_ever() }}
    )

    select
        changed_at,
        situation_id,
        sex,
        adult_on,
        sum(contacts)::bigint as contacts
    from changes
    group by changed_at, situation_id, sex, adult_on
    having sum(contacts) <> 0
    order by changed_at, situation_id
{%- endmacro %}

{#- The same shipped in the base, for whoever takes contacts out of it. -#}
{% macro situation_counts_of_sql() -%}
    create or replace macro main.situation_counts_of(spans) as table
    {{ situation_changes('query_table(spans)', 'deliveries') }}
{%- endmacro %}
