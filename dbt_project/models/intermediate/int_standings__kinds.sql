select
    standing_id,
    unnest(kinds) as kind_id
from {{ ref('int_standings') }}
