-- How `retention.due_persons` finds the last act of each person, and whose is too old.

-- Acts that files tell, one row each (contact_id, acted_at). An act without an instant happened by the first file that
-- told it: the one in which its record says something else than in the file before. A record without an id may be
-- another one in each file. No act happened after its file was received.
-- name: acts_of_files
create temp view acts_of_files as
with opt_ins as (
    select
        *,
        lag(flag) over (
            partition by contact_id, source_key order by coalesce(exported_at, received_at), received_at
        ) as flag_before
    from all_opt_ins
),

withdrawals as (
    select
        contact_id,
        source_key,
        partner_id,
        withdrawn_at,
        withdrawn_at_quality,
        exported_at,
        received_at
    from (
        select * from all_withdrawals
        union all by name
        select * from all_withdrawal_signals
    )
),

told as (
    select
        contact_id,
        source_key,
        received_at,
        if(
            withdrawn_at_quality = 'export_instant' or withdrawn_at is null,
            min(coalesce(withdrawn_at, exported_at, received_at)) over (
                partition by contact_id, partner_id, source_key
            ),
            withdrawn_at
        ) as acted_at
    from withdrawals
),

named as (
    select distinct
        source_key,
        contact_id
    from all_opt_ins
    where source_key is not null
)

select
    contact_id,
    least(coalesce(consented_at, exported_at, received_at), received_at) as acted_at
from opt_ins
where consented_at is not null or source_key is null or flag is distinct from flag_before
union all
select
    coalesce(told.contact_id, named.contact_id),
    least(told.acted_at, told.received_at)
from told
left join named on told.contact_id is null and told.source_key = named.source_key
where coalesce(told.contact_id, named.contact_id) is not null;

-- name: last_acts
create temp table last_acts as
with acts as (
    select * from acts_of_files
    union all
    select
        contact_id,
        acted_at
    from ledger_acts
)

select
    contact_id,
    (max(acted_at) at time zone 'UTC' at time zone 'Europe/Paris')::date as last_on
from acts
group by contact_id;

-- name: due
create temp table due as
select contact_id
from last_acts
where last_on in (select unnest($days::date[])) and contact_id in (select contact_id from held);

-- name: held
create temp table held as
select distinct contact_id
from (
    select contact_id from all_opt_ins
    union all
    select contact_id from all_withdrawals
    union all
    select contact_id from all_withdrawal_signals
)
where contact_id is not null;

-- name: add_ledger_acts
insert into ledger_acts
select
    c::uuid,
    make_timestamp(told_at)
from fetched;

-- name: counts
select
    count(distinct row(delivery_id, line_number)) filter (kind = 'opt_in'),
    count(distinct row(delivery_id, line_number)) filter (kind = 'withdrawal'),
    count(distinct delivery_id)
from (
    select
        'opt_in' as kind,
        delivery_id,
        line_number
    from all_opt_ins semi join due using (contact_id)
    union all
    select
        'withdrawal',
        delivery_id,
        line_number
    from all_withdrawals semi join due using (contact_id)
);
