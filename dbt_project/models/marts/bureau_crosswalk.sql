-- A part under a twentieth of both bureaux is the drawing of a border, not a move.
with

parts as (
    select *
    from {{ source('lake', 'territory_overlaps') }}
    where to_kind = 'bureau' and (share_of_from >= 0.05 or share_of_to >= 0.05)
),

counted as (
    select
        *,
        count(*) over (partition by from_map, from_code, to_map) as parts_of_from,
        count(*) over (partition by from_map, to_map, to_code) as parts_of_to
    from parts
)

select
    from_map,
    from_code,
    to_map,
    to_code,
    share_of_from,
    share_of_to,
    case
        when share_of_from >= 0.95 and share_of_to >= 0.95 and from_code = to_code then 'same'
        when share_of_from >= 0.95 and share_of_to >= 0.95 then 'renumbered'
        when share_of_from >= 0.95 and parts_of_to > 1 then 'merged'
        when share_of_to >= 0.95 and parts_of_from > 1 then 'split'
        else 'redrawn'
    end as change,
    addresses,
    rule
from counted
