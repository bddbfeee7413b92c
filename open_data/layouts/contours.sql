-- The rows of `open_data.layouts.contours`, from `contours_read`.

-- name: contours_of_bureaux
select
    'bureau' as kind,
    getvariable('bureau_map') as map,
    code,
    part,
    commune_code,
    wkb
from contours_read;

-- name: bureaux
select distinct
    code as bureau_code,
    getvariable('bureau_map') as map,
    commune_code,
    null as reu_id,
    null as label
from contours_read;

-- name: contours_of_iris
select
    'iris' as kind,
    getvariable('vintage') as map,
    code,
    part,
    commune_code,
    wkb
from contours_read;

-- name: iris
select
    code as iris_code,
    min(commune_code) as commune_code,
    min(label) as label
from contours_read
group by code;
