-- How `sealing.seals.messages` seals the messages that have no seal.

-- name: unsealed
create or replace temp table unsealed as
select
    row_number() over (order by send_id) - 1 as number,
    send_id,
    records.events,
    record
from records
left join seals using (send_id)
where seals.send_id is null or seals.events <> records.events;

-- name: sealed
select
    position,
    send_id,
    events,
    salt,
    unhex(sha256(salt || encode(record))) as commitment
from unsealed
inner join fresh_salts on number - $start = position
order by position;
