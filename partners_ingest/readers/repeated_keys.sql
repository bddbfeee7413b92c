-- The shapes of JSON records, for `partners_ingest.readers.repeated_keys`.

-- name: shapes
-- The keys of the objects that the dossier's paths lead through, in their order, as one number; a record of each
-- shape. A list
-- that is longer than what is looked at is told, too. What is no JSON has no shape.
select
    hash(told) as shape,
    any_value(text) as text,
    bool_or($after > 0 and list_any_value(told[-$after:]) is not null) as is_longer
from (
    select
        text,
        try(json_keys(text, $objects::varchar[])) as told
    from text_lines
    where is_decodable and is_terminated
)
where told is not null
group by shape;

-- name: suspect_lines
create or replace table suspect_lines as
select
    line_number,
    text
from text_lines
where
    is_decodable and is_terminated
    and list_contains($odd::ubigint[], hash(try(json_keys(text, $objects::varchar[]))));
