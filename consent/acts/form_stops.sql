-- What `consent.acts.form_stops` asks of a form version.

-- name: partners
select distinct partner_id
from form_versions
where form_version = $form_version and partner_id = coalesce($partner_id, partner_id)
order by 1;

-- name: by_form
create or replace temp table by_form as
select distinct contact_id
from opt_ins
where flag = 'given' and partner_id = $partner_id and form_version = $form_version;
