-- How `sealing.seals.forgetting` writes a batch of seals anew.

-- name: forgotten
select
    position,
    coalesce(new_id, send_id) as send_id,
    events,
    if(new_id is null, salt, null) as salt,
    commitment
from kept
left join renamed on send_id = old_id
order by position;
