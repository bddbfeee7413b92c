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

-- name: claims
with
beliefs_beside_ends as (
    select distinct * exclude (contract_ends_on, known_from, known_until) from dossier_partners_differs
),

moved_ends as (
    -- one belief closed, the next one opened at that instant, and they differ by the contract's end alone
    select
        partner_id,
        min(contract_ends_on)::timestamp as given_from
    from dossier_partners_differs
    group by partner_id
    having
        count(*) = 3
        and max(known_until) = max(known_from)
        and partner_id in (
            select partner_id from beliefs_beside_ends
            group by partner_id
            having count(*) = 1
        )
),

whole as (
    select partner_id from dossier_chain_differs
    union
    select partner_id from dossier_feeds_differs
    union
    select partner_id from dossier_audits_differs
    where form_version = '*'
    union
    select partner_id from dossier_partners_differs
    where partner_id not in (select partner_id from moved_ends)
),

notices as (
    select
        partner_id,
        notice_id
    from dossier_notices_differs
    union
    select
        partner_id,
        notice_id
    from dossier_notice_recipients_differs
    union
    select
        partner_id,
        notice_id
    from dossier_notice_contradictions_differs
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
    from dossier_audits_differs
    where form_version <> '*'
    union
    select
        partner_id,
        form_version
    from dossier_form_versions_differs
    union
    select
        partner_id,
        form_version
    from form_stops_differs
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
    -- instants that part the rows of a partner into claims; one that comes or goes moves the rows up to the next that
    -- stays
    select
        partner_id,
        limit_at,
        bool_and(is_now) = bool_or(is_now) as has_moved
    from (
        select
            partner_id,
            unnest([first_seen_at, date_trunc('second', last_seen_at) + interval 1 second]) as limit_at,
            false as is_now
        from dossier_form_versions_before
        union
        select
            partner_id,
            unnest([first_seen_at, date_trunc('second', last_seen_at) + interval 1 second]) as limit_at,
            true as is_now
        from dossier_form_versions_now
    )
    where limit_at is not null
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
        null::varchar as form_version,
        null::varchar as notice_id,
        null::timestamp as given_from,
        null::timestamp as given_until
    from whole
    union all
    select
        partner_id,
        null,
        null,
        given_from,
        null
    from moved_ends
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
    from notices
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
