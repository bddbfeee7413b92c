-- The rows of `open_data.layouts.results.numbered`, from `bureau_lines`: the file's columns as text, and `candidates`.

-- A commune of three digits stands without its department in some of the ministry's files.
-- name: result_rows
create or replace temp table result_rows as
with bureaux as (
    select
        case
            when length("Code commune") = 5 then "Code commune"
            else insee_department("Code département") || lpad("Code commune", 3, '0')
        end || '_' || lpad("Code BV", 4, '0') as bureau_code,
        inscrits::integer as registered,
        votants::integer as votes_cast,
        exprimés::integer as valid_votes,
        unnest(candidates) as candidate
    from bureau_lines
)

select
    bureau_code,
    registered,
    votes_cast,
    valid_votes,
    candidate.name,
    candidate.given_name,
    candidate.nuance,
    candidate.votes
from bureaux
where candidate.votes is not null;
