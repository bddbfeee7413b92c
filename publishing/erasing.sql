-- What `publishing.erasing` asks and mends of a base that persons are taken out of.

-- name: count_members
update segments set members = (
    select count(*) from segment_members as m
    where m.segment_id = segments.segment_id
);

-- name: tables_of_contacts
select table_name
from duckdb_columns()
where column_name = 'contact_id' and not internal and database_name = current_database();
