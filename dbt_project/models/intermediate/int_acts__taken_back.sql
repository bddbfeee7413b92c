-- Refusals and withdrawals hit earlier and simultaneous acts of the number, whoever collected them; an act without
-- an instant is always hit (R-12). Of several that hit, one stays per state of knowledge: the earliest then known.
with

events as (
    select
        contact_id,
        event_state,
        occurred_at,
        min(known_at) as known_at
    from {{ ref('int_consent_events') }}
    where event_state in ('ConsentRefused', 'ConsentWithdrawn')
    group by contact_id, event_state, occurred_at
),

hits as (
    select
        acts.contact_id,
        acts.delivery_id,
        acts.line_number,
        events.event_state,
        events.occurred_at,
        greatest(acts.received_at, events.known_at) as known_from
    from {{ ref('int_acts') }} as acts
    inner join events
        on acts.contact_id = events.contact_id
    where acts.consented_at is null or events.occurred_at >= acts.consented_at
),

superseded as (
    select
        *,
        coalesce(
            min(known_from) over (
                partition by delivery_id, line_number, event_state
                order by occurred_at, known_from
                rows between unbounded preceding and 1 preceding
            ),
            {{ for_ever() }}
        ) as known_until
    from hits
)

select
    contact_id,
    delivery_id,
    line_number,
    event_state,
    occurred_at,
    known_from,
    known_until
from superseded
where known_from < known_until
