-- The rows of `open_data.layouts.results.until_2022`, from `result_lines` (fields). Candidates come in blocks of $block
-- fields behind the $base fields of the line; a field that the layout lacks has no place, and is null.

-- name: result_rows
create or replace temp table result_rows as
with candidates as (
    select
        fields,
        $base + $block * unnest(range((len(fields) - $base) // $block)) as begins
    from result_lines
)

select
    insee_department(fields[$department]) || lpad(fields[$commune], 3, '0') || '_'
    || lpad(fields[$bureau], 4, '0') as bureau_code,
    fields[$registered]::integer as registered,
    fields[$votes_cast]::integer as votes_cast,
    fields[$valid_votes]::integer as valid_votes,
    fields[begins + $family_name] as name,
    fields[begins + $given_name] as given_name,
    nullif(fields[begins + $nuance], '') as nuance,
    fields[begins + $votes]::integer as votes
from candidates;
