-- How `publishing.affected_contacts` finds, in a copy of the serving base with the inputs attached as `lake`,
-- whom to judge again.

-- name: moved_addresses
create or replace temp table moved_addresses (address_key varchar);

-- Addresses whose tie is new or another one; ties change only with new addresses, since open data is the same.
-- name: add_moved_addresses
insert into moved_addresses
select address_key from (
    select * from lake.address_ties
    except
    select * from main.address_ties
)
union
select address_key from (
    select * from main.address_ties
    except
    select * from lake.address_ties
);

-- A change reaches a contact by its rows, its records, the IP of its rows, its feed's full exports, or its partners.
-- name: affected
create table lake.touched as
with
new_deliveries as (
    select unnest($deliveries::varchar[]) as delivery_id
),

claims as (
    select
        unnest($partners::varchar[]) as partner_id,
        unnest($forms::varchar[]) as form_version,
        unnest($notices::varchar[]) as notice_id,
        unnest($froms::timestamp[]) as given_from,
        unnest($untils::timestamp[]) as given_until
),

new_rows as (
    select
        contact_id,
        partner_id,
        source_key,
        ip_key
    from lake.opt_ins
    where delivery_id in (select delivery_id from new_deliveries)
),

new_withdrawals as (
    select
        contact_id,
        source_key
    from lake.withdrawals
    where delivery_id in (select delivery_id from new_deliveries)
    union all
    select
        contact_id,
        source_key
    from lake.withdrawal_signals
    where delivery_id in (select delivery_id from new_deliveries)
),

records as (
    select source_key from new_rows
    where source_key is not null
    union
    select source_key from new_withdrawals
    where source_key is not null
),

ips as (
    select distinct
        partner_id,
        ip_key
    from new_rows
    where ip_key is not null
),

full_feeds as (
    select distinct
        partner_id,
        feed_id
    from lake.deliveries
    where kind = 'optins' and mode = 'full' and delivery_id in (select delivery_id from new_deliveries)
)

select contact_id from new_rows
union
select contact_id from new_withdrawals
where contact_id is not null
union
select rows.contact_id
from lake.opt_ins as rows
inner join claims using (partner_id)
where
    rows.form_version = claims.form_version
    or rows.notice_id = claims.notice_id
    or (
        claims.form_version is null and claims.notice_id is null
        and coalesce(rows.consented_at, rows.exported_at) >= coalesce(claims.given_from, '-infinity')
        and coalesce(rows.consented_at, rows.exported_at) < coalesce(claims.given_until, 'infinity')
    )
union
select contact_id
from lake.opt_ins
where
    source_key in (select source_key from records)
    or address_key in (select address_key from moved_addresses)
    or (partner_id, feed_id) in (select (partner_id, feed_id) from full_feeds)
    or (partner_id, ip_key) in (select (partner_id, ip_key) from ips);

-- The affected contacts' own rows, and those that share a record or an IP with them.
-- name: near_opt_ins
create table lake.near_opt_ins as
with own as (
    select
        partner_id,
        source_key,
        ip_key
    from lake.opt_ins
    where contact_id in (select contact_id from lake.touched)
)

select *
from lake.opt_ins
where
    contact_id in (select contact_id from lake.touched)
    or source_key in (
        select source_key from own
        where source_key is not null
    )
    or (
        partner_id, ip_key) in (
        select (partner_id, ip_key) from own
        where ip_key is not null
    );
