-- What the layouts of `open_data.layouts.results` share.

-- The ministry's letters for what INSEE numbers; ZX, ZZ and ZW (one constituency, no commune code) keep theirs.
-- name: insee_department
create or replace temp macro insee_department(letters) as
case
    when letters in ('ZA', 'ZB', 'ZC', 'ZD', 'ZM', 'ZS') then '97'
    when letters in ('ZN', 'ZP') then '98'
    else letters
end;

-- name: results
select
    getvariable('election') as election,
    getvariable('round') as round,
    bureau_code,
    getvariable('bureau_map') as map,
    registered,
    votes_cast,
    valid_votes,
    case
        when count(*) over (partition by bureau_code, name) > 1
            then concat_ws(' ', name, coalesce(given_name, '(' || nuance || ')'))
        else name
    end as candidate,
    nuance,
    votes
from result_rows
order by bureau_code, candidate;
