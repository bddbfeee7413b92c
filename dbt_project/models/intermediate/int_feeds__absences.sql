-- Absence from full exports (R-20): from the first full that lacks the record until the next that has it again.
-- A record is there if it is readable: accepted, or quarantined for other than its structure.
with

fulls as (
    select
        delivery_id,
        partner_id,
        feed_id,
        exported_at,
        received_at,
        row_number() over (
            partition by partner_id, feed_id order by exported_at, received_at, delivery_id
        ) as full_number
    from {{ ref('stg_partners__deliveries') }}
    where kind = 'optins' and mode = 'full'
),

latest as (
    select
        partner_id,
        feed_id,
        max(full_number) as full_number
    from fulls
    group by partner_id, feed_id
),

readable as (
    select
        delivery_id,
        source_key
    from {{ ref('int_opt_ins__claimed') }}
    where mode = 'full' and source_key is not null
    union
    select
        delivery_id,
        source_key
    from {{ ref('stg_partners__quarantine') }}
    where not is_structural and source_key is not null
),

presences as (
    select
        fulls.partner_id,
        fulls.feed_id,
        readable.source_key,
        fulls.full_number,
        lead(fulls.full_number) over (
            partition by fulls.partner_id, fulls.feed_id, readable.source_key order by fulls.full_number
        ) as next_number
    from readable
    inner join fulls
        on readable.delivery_id = fulls.delivery_id
),

absences as (
    select
        presences.partner_id,
        presences.feed_id,
        presences.source_key,
        presences.full_number + 1 as absent_number,
        presences.next_number
    from presences
    inner join latest
        on presences.partner_id = latest.partner_id and presences.feed_id = latest.feed_id
    where coalesce(presences.next_number, latest.full_number + 1) > presences.full_number + 1
),

gaps as (
    select distinct
        partner_id,
        feed_id,
        absent_number,
        next_number
    from absences
),

spans as (
    select
        gaps.partner_id,
        gaps.feed_id,
        gaps.absent_number,
        gaps.next_number,
        min(fulls.exported_at) as absent_from,
        min(fulls.received_at) as absence_known_at,
        any_value(returns.exported_at) as back_from,
        any_value(returns.received_at) as return_known_at
    from gaps
    inner join fulls
        on
            gaps.partner_id = fulls.partner_id
            and gaps.feed_id = fulls.feed_id
            and gaps.absent_number <= fulls.full_number
            and (gaps.next_number is null or gaps.next_number > fulls.full_number)
    left join fulls as returns
        on
            gaps.partner_id = returns.partner_id
            and gaps.feed_id = returns.feed_id
            and gaps.next_number = returns.full_number
    group by gaps.partner_id, gaps.feed_id, gaps.absent_number, gaps.next_number
)

select
    absences.partner_id,
    absences.feed_id,
    absences.source_key,
    spans.absent_from,
    spans.absence_known_at,
    spans.back_from,
    spans.return_known_at
from absences
inner join spans
    on
        absences.partner_id = spans.partner_id
        and absences.feed_id = spans.feed_id
        and absences.absent_number = spans.absent_number
        and absences.next_number is not distinct from spans.next_number
