-- What `publishing.checks` asks a build.

-- name: text_columns
select
    table_name,
    column_name
from duckdb_columns()
where
    schema_name = 'main' and not internal and data_type like 'VARCHAR%'
    and table_name in (select table_name from duckdb_tables() where schema_name = 'main')
order by all;
