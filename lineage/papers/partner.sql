-- What `lineage.papers.partner` reads of a partner.

-- name: recipients
select
    notice_id,
    name
from dossier_notice_recipients
where partner_id = $partner and known_from <= $at and known_until > $at
order by notice_id, position;

-- name: notices
select
    notice_id,
    notice_text,
    purposes,
    channels
from dossier_notices
where partner_id = $partner and known_from <= $at and known_until > $at
order by notice_id;

-- name: reasons
select
    reason,
    count(*) as records
from (
    select unnest(reasons) as reason from quarantine
    where partner_id = $partner
)
group by reason
order by records desc, reason asc;
