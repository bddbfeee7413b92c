-- What `lineage.papers.campaign` reads of the contacts of a plan.

-- name: rests_on
select
    delivery_id,
    line_number,
    partner_id,
    notice_id,
    form_version
from opt_ins
where contact_id in (select contact_id from query_table($asked));

-- name: notices
select
    partner_id,
    notice_id,
    any_value(notice_text)
from dossier_notices
group by partner_id, notice_id;
