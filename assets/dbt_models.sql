-- What `assets.dbt_models` asks a build.

-- name: columns
select
    table_name,
    list((column_name, data_type) order by column_index)
from duckdb_columns()
where schema_name = 'main'
group by table_name;
