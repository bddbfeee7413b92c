-- How `sends.plans.told_audiences` compares two audiences.

-- name: difference
select
    (select count(*) from asked_contacts anti join told_contacts using (contact_id))
    + (select count(*) from told_contacts anti join asked_contacts using (contact_id)) as contacts;
