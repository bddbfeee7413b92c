-- What `sends.rules.bureau_changes` reads of the base.

-- Changes from the map or to it that touch bureaux of it.
-- name: changes_of_bureaux
select distinct
    bureau_code,
    from_map,
    change
from bureau_changes
where
    (list_contains($codes, bureau_code) and $map in (from_map, to_map))
    or (to_map = $map and list_has_any(to_codes, $codes))
order by all;
