-- The rows of `open_data.layouts.results.long`, from its two files.

-- name: result_lines
create or replace temp table result_lines as
select
    candidates.code,
    label,
    nuance,
    voix,
    inscrits,
    votants,
    exprimes
from read_parquet($candidates) as candidates
left join read_parquet($bureaux) as bureaux on candidates.code = bureaux.code;

-- name: result_rows
create or replace temp table result_rows as
select
    insee_department(code[1:2]) || code[3:5] || '_' || lpad(code[7:], 4, '0') as bureau_code,
    inscrits::integer as registered,
    votants::integer as votes_cast,
    exprimes::integer as valid_votes,
    label as name,
    null::varchar as given_name,
    nuance,
    voix::integer as votes
from result_lines;
