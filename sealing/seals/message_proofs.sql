-- What `sealing.seals.message_proofs` asks the seals for.

-- name: sealed_record
select
    seals.batch,
    position,
    salt,
    commitment,
    record
from seals
inner join records on seals.send_id = records.send_id and seals.events = records.events
where seals.send_id = $send_id;
