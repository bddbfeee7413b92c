{#- Spill files are encrypted, and DuckDB encrypts only with the extension httpfs: without it a build that outgrows its
    memory fails. The caller names the extension's file; nothing is fetched. -#}
{% macro load_encryption() %}
    {% if execute and flags.WHICH in ('build', 'run') and env_var('FILIATION_HTTPFS', '') %}
        {% do run_query("load '" ~ env_var('FILIATION_HTTPFS') ~ "'") %}
    {% endif %}
{% endmacro %}
