-- Several sources may draw the bureaux of one commune on one map: the one that goes first serves for all of it, since
-- bureaux of two drawings do not make one commune.
select
    bureau_code || '@' || map as bureau_id,
    bureau_code,
    map,
    commune_code,
    label,
    source_id,
    vintage
from {{ source('lake', 'bureaux') }}
qualify dense_rank() over (partition by map, commune_code order by coalesce(precedence, 1), source_id) = 1
