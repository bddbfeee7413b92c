-- How `sealing.checks.message_check` compares seals with the ledger.

-- name: changed
select send_id
from seals
inner join records using (send_id)
where
    salt is not null
    and seals.events >= records.events
    and (commitment <> unhex(sha256(salt || encode(record))) or seals.events > records.events);

-- name: gone
select send_id from seals anti join seen using (send_id);
