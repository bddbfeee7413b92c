-- What `publishing.checks` asks a build.

-- name: text_columns
select
    table_name,
    column_name
from duckdb_columns()
semi join duckdb_tables() using (schema_name, table_name)
where schema_name = 'main' and not internal and data_type like 'VARCHAR%'
order by all;
