-- What `publishing.checks` asks a build.

-- name: text_columns
select
    table_name,
    column_name
from duckdb_columns()
where schema_name = 'main' and not internal and data_type like 'VARCHAR%'
order by all;
