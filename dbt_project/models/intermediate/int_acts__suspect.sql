-- Proofs that look made: an instant that is the export's own, or more than 100 acts (distinct record and instant)
-- from one IP at one partner within [t, t + 60 min) (R-09). A burst is known once its 101st act is.
with

acts as (
    select
        partner_id,
        ip_key,
        consented_at,
        coalesce(source_key, concat_ws(':', delivery_id, line_number)) as record,
        min(received_at) as known_from
    from {{ ref('int_acts') }}
    where ip_key is not null and consented_at is not null
    group by all
),

busy as (
    select
        partner_id,
        ip_key
    from acts
    group by partner_id, ip_key
    having count(*) > 100
),

opened as (
    select
        acts.partner_id,
        acts.ip_key,
        acts.consented_at,
        -- the first 101 arrivals among the acts of the window that this act opens
        min(acts.known_from, 101) over (
            partition by acts.partner_id, acts.ip_key
            order by acts.consented_at
            range between current row and interval '59 minutes 59.999999 seconds' following
        ) as arrivals
    from acts
    inner join busy
        on acts.partner_id = busy.partner_id and acts.ip_key = busy.ip_key
),

covered as (
    select
        partner_id,
        ip_key,
        consented_at,
        min(arrivals[101]) over (
            partition by partner_id, ip_key
            order by consented_at
            range between interval '59 minutes 59.999999 seconds' preceding and current row
        ) as known_from
    from opened
),

bursts as (
    select
        partner_id,
        ip_key,
        consented_at,
        min(known_from) as known_from
    from covered
    where known_from is not null
    group by partner_id, ip_key, consented_at
),

suspects as (
    select
        contact_id,
        delivery_id,
        line_number,
        received_at as known_from
    from {{ ref('int_acts') }}
    where consented_at = exported_at
    union all
    select
        acts.contact_id,
        acts.delivery_id,
        acts.line_number,
        greatest(acts.received_at, bursts.known_from) as known_from
    from {{ ref('int_acts') }} as acts
    inner join bursts
        on
            acts.partner_id = bursts.partner_id
            and acts.ip_key = bursts.ip_key
            and acts.consented_at = bursts.consented_at
)

select
    contact_id,
    delivery_id,
    line_number,
    min(known_from) as known_from
from suspects
group by contact_id, delivery_id, line_number
