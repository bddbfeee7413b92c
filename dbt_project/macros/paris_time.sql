{#- Civil time of Europe/Paris (partners README, "Instants"); DuckDB's timestamps are naive UTC. -#}

{#- Civil date in Paris of a UTC instant. -#}
{% macro paris_date(instant) -%}
    timezone('Europe/Paris', timezone('UTC', {{ instant }}))::date
{%- endmacro %}

{#- UTC instant at which a civil date begins in Paris. -#}
{% macro paris_midnight(day) -%}
    timezone('UTC', timezone('Europe/Paris', ({{ day }})::date::timestamp))
{%- endmacro %}

{#- Civil date that many calendar months later: same day number, else the month's last day (rules README 2.6). -#}
{% macro months_after(day, months) -%}
    (({{ day }}) + interval {{ months }} month)::date
{%- endmacro %}

{#- Birthday at which an age is reached; born on 29 February: 1 March in common years (policy: the later day). -#}
{% macro birthday(birth_date, years) -%}
    (make_date(year({{ birth_date }}) + {{ years }}, month({{ birth_date }}), 1) + (day({{ birth_date }}) - 1)::integer)
{%- endmacro %}

{#- Open ends of periods inside the base. -#}
{% macro since_ever() -%} '-infinity'::timestamp {%- endmacro %}
{% macro for_ever() -%} 'infinity'::timestamp {%- endmacro %}

{#- No use before this instant is judged: GDPR applies from 25 May 2018, and consents last 36 months. -#}
{% macro judged_since() -%} '2018-05-24 22:00:00'::timestamp {%- endmacro %}
