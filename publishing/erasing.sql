-- What `publishing.erasing` asks and mends of a base that persons are taken out of.

-- name: tables_of_contacts
select table_name
from duckdb_columns()
where column_name = 'contact_id' and not internal and database_name = current_database();
