-- How `stores.evidence.merkle` goes from one level of a tree to the next.

-- name: go_up
create or replace temp table merkle_level as
select
    position // 2 as position,
    case
        when count(*) = 2 then unhex(sha256('\x01'::blob || min_by(node, position) || max_by(node, position)))
        else any_value(node)
    end as node
from merkle_level
group by position // 2;
