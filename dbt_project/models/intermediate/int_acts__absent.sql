-- Until its return is known an absence has no end; from then on it is a past one, with both its ends.
with

absences as (
    select
        acts.contact_id,
        acts.delivery_id,
        acts.line_number,
        acts.received_at,
        absences.absent_from,
        absences.absence_known_at,
        absences.back_from,
        coalesce(absences.return_known_at, {{ for_ever() }}) as return_known_at
    from {{ ref('int_acts') }} as acts
    inner join {{ ref('int_feeds__absences') }} as absences
        on
            acts.partner_id = absences.partner_id
            and acts.feed_id = absences.feed_id
            and acts.source_key = absences.source_key
    where acts.mode = 'full'
),

beliefs as (
    select
        contact_id,
        delivery_id,
        line_number,
        absent_from,
        {{ for_ever() }} as absent_until,
        greatest(received_at, absence_known_at) as known_from,
        return_known_at as known_until
    from absences
    union all
    select
        contact_id,
        delivery_id,
        line_number,
        absent_from,
        back_from as absent_until,
        greatest(received_at, absence_known_at, return_known_at) as known_from,
        {{ for_ever() }} as known_until
    from absences
    where back_from is not null
)

select * from beliefs
where known_from < known_until
