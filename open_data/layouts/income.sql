-- The rows of `open_data.layouts.income`, from `medians`. A value is withheld for a published reason (ns: not
-- significant, nd: not available, so: without object, s: secret; INSEE, Filosofi 2021, IRIS) or, in copies of the base
-- of 2018, for one that the file does not say: its cell is blank. A cell that is neither a number nor a reason fails
-- the cast, and with it the source.

-- name: told
create or replace temp view told as
select
    code,
    median,
    case
        when nullif(trim(median), '') not in ('ns', 'nd', 'so', 's')
            then replace(nullif(trim(median), ''), ',', '.')::double
    end as median_euros,
    case
        when nullif(trim(median), '') is null then 'blank'
        when nullif(trim(median), '') in ('ns', 'nd', 'so', 's') then nullif(trim(median), '')
    end as missing_reason
from medians;

-- name: iris_income
select
    code as iris_code,
    median_euros,
    missing_reason
from told;

-- INSEE's file of 2021 ends with a line of nothing but delimiters.
-- name: commune_income
select
    code as commune_code,
    getvariable('concept') as concept,
    median_euros,
    missing_reason
from told
where coalesce(code, median) is not null;
