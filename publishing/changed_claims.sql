-- How `publishing.changed_claims` tells which rows of partners a changed dossier concerns. `…_before` and `…_now` are
-- views of the two snapshots, `…_differs` what only one of the two believes.

-- Takes the names of the two relations.
-- name: difference
(
    select * from query_table($before)
    except all
    select * from query_table($now)
)
union all
(
    select * from query_table($now)
    except all
    select * from query_table($before)
);

-- name: concerned
create or replace temp table concerned (
    partner_id varchar, form_version varchar, notice_id varchar, given_from timestamp, given_until timestamp
);

-- name: limit_instants
create or replace temp table limit_instants (partner_id varchar, limit_at timestamp, is_now boolean);

-- What concerns a partner as a whole concerns all its rows.
-- name: by_partner_id
insert into concerned (partner_id)
select partner_id from query_table($differs);

-- So does a fact of which a column limits slots; but where one belief closed, the next one opened at that instant, and
-- they differ by the limit alone, it concerns the rows given since the earlier limit.
-- name: by_partner_id_beside_a_limit
insert into concerned (partner_id, given_from)
with
beliefs_beside_limit as (
    select distinct columns(lambda name: name not in ($limit_column, 'known_from', 'known_until'))
    from query_table($differs)
),

beliefs as (
    select
        partner_id,
        known_from,
        known_until,
        columns(lambda name: name = $limit_column)::timestamp as limit_at
    from query_table($differs)
),

moved as (
    select
        partner_id,
        min(limit_at) as given_from
    from beliefs
    group by partner_id
    having
        count(*) = 3
        and max(known_until) = max(known_from)
        and partner_id in (
            select partner_id from beliefs_beside_limit
            group by partner_id
            having count(*) = 1
        )
)

select
    beliefs.partner_id,
    moved.given_from
from beliefs
left join moved
    on beliefs.partner_id = moved.partner_id;

-- The form version `*` is the partner as a whole.
-- name: by_form_version
insert into concerned (partner_id, form_version)
select
    partner_id,
    nullif(form_version, '*')
from query_table($differs);

-- name: by_notice_id
insert into concerned (partner_id, notice_id)
select
    partner_id,
    notice_id
from query_table($differs);

-- Instants that part the rows of a partner into claims, by one snapshot: those of a column, or the end of each whole
-- second in it.
-- name: limits
insert into limit_instants
select
    partner_id,
    case when $is_after then date_trunc('second', limit_at) + interval 1 second else limit_at end,
    $is_now
from (
    select
        partner_id,
        columns(lambda name: name = $limit_column)::timestamp as limit_at
    from query_table($beliefs)
)
where limit_at is not null;

-- name: claims
with
notices as (
    select
        partner_id,
        notice_id
    from concerned
    where notice_id is not null
),

believed_forms as (
    select
        partner_id,
        form_version,
        notice_id,
        first_seen_at,
        last_seen_at
    from dossier_form_versions_before
    union
    select
        partner_id,
        form_version,
        notice_id,
        first_seen_at,
        last_seen_at
    from dossier_form_versions_now
),

forms as (
    select
        partner_id,
        form_version
    from concerned
    where form_version is not null
    union
    select
        partner_id,
        form_version
    from believed_forms semi join notices using (partner_id, notice_id)
),

meant as (
    select * from believed_forms semi join forms using (partner_id, form_version)
),

limits as (
    -- one that comes or goes moves the rows up to the next that stays
    select
        partner_id,
        limit_at,
        bool_and(is_now) = bool_or(is_now) as has_moved
    from limit_instants
    group by partner_id, limit_at
),

parted as (
    select
        partner_id,
        limit_at as given_from,
        (
            select min(stays.limit_at) from limits as stays
            where stays.partner_id = limits.partner_id and not stays.has_moved and stays.limit_at > limits.limit_at
        ) as given_until
    from limits
    where has_moved
),

told as (
    select
        partner_id,
        form_version,
        notice_id,
        given_from,
        given_until
    from concerned
    union all
    select
        partner_id,
        form_version,
        null,
        null,
        null
    from forms
    union all
    select
        partner_id,
        null,
        notice_id,
        null,
        null
    from meant
    where notice_id is not null
    union all
    select
        partner_id,
        null,
        null,
        first_seen_at,
        last_seen_at + interval 2 seconds
    from meant
    union all
    select
        partner_id,
        null,
        null,
        given_from,
        given_until
    from parted
)

select distinct * from told
order by all;
