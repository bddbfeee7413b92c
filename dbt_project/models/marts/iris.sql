-- The newest contour and the newest income of each IRIS, each with its vintage.
with

contours as (
    select *
    from {{ source('lake', 'iris') }}
    qualify row_number() over (partition by iris_code order by vintage desc) = 1
),

incomes as (
    select *
    from {{ source('lake', 'iris_income') }}
    qualify row_number() over (partition by iris_code order by vintage desc) = 1
)

select
    coalesce(contours.iris_code, incomes.iris_code) as iris_code,
    contours.commune_code,
    contours.label,
    contours.source_id,
    contours.vintage,
    incomes.median_euros,
    incomes.missing_reason,
    incomes.source_id as income_source_id,
    incomes.vintage as income_vintage
from contours
full outer join incomes
    on contours.iris_code = incomes.iris_code
