-- What `stores.vault` reads and keeps of its own files.

-- name: numbers
select distinct
    contact_id::varchar,
    e164
from identities
where contact_id in (select unnest($ids::uuid[])) and e164 is not null;

-- name: kept_salts
select
    line_number,
    salt
from salts
where line_number not in (select unnest($lines::bigint[]))
order by line_number;

-- name: salts
select salt from salts
where line_number between $first_line and $last_line
order by line_number;
