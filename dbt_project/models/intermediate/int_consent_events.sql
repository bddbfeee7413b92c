-- A refusal counts at its instant; without one it is a withdrawal at its file's export if the same record had been
-- given in an earlier-exported file, else nothing (partners README 5). A withdrawal by id reaches every number that
-- the id ever stood for. Opt-in files tell of withdrawals too, in rows whatever their worth: a person erased, an end
-- date, a flag turned to no. The last is one only where the partner had said yes before. And of a file of
-- withdrawals every number is heard, of a damaged record and of a file that is held, too.
with

rows as (
    select * from {{ ref('int_opt_ins__claimed') }}
),

records as (
    select
        source_key,
        contact_id,
        min(received_at) as known_from
    from rows
    where source_key is not null
    group by source_key, contact_id
),

given_records as (
    select
        source_key,
        exported_at,
        min(received_at) as known_from
    from rows
    where flag = 'given' and source_key is not null
    group by source_key, exported_at
),

turned as (
    select
        rows.contact_id,
        rows.exported_at as occurred_at,
        greatest(rows.received_at, min(given_records.known_from)) as known_at,
        rows.partner_id,
        rows.delivery_id,
        rows.line_number
    from rows
    inner join given_records
        on rows.source_key = given_records.source_key and rows.exported_at > given_records.exported_at
    where rows.flag = 'refused' and rows.consented_at is null
    group by rows.contact_id, rows.exported_at, rows.received_at, rows.partner_id, rows.delivery_id, rows.line_number
),

signals as (
    select
        signals.*,
        records.contact_id as signalled_contact_id,
        greatest(signals.received_at, records.known_from) as known_at
    from {{ ref('stg_partners__withdrawal_signals') }} as signals
    inner join records
        on signals.source_key = records.source_key
    union all
    select
        *,
        contact_id,
        received_at
    from {{ ref('stg_partners__withdrawal_signals') }}
    where contact_id is not null
),

-- One join per kind of signal: a condition on the kind inside a join makes DuckDB compare every pair.
flipped as (
    select
        signals.signalled_contact_id as contact_id,
        signals.signal,
        signals.withdrawn_at as occurred_at,
        greatest(min(signals.known_at), min(given.received_at)) as known_at,
        signals.partner_id,
        signals.delivery_id,
        signals.line_number
    from signals
    inner join rows as given
        on
            signals.signalled_contact_id = given.contact_id
            and signals.partner_id = given.partner_id
            and signals.exported_at > given.exported_at
    where signals.signal = 'flag_flip' and given.flag = 'given'
    group by
        signals.signalled_contact_id, signals.signal, signals.withdrawn_at, signals.partner_id, signals.delivery_id,
        signals.line_number
),

signalled as (
    select
        signalled_contact_id as contact_id,
        signal,
        withdrawn_at as occurred_at,
        min(known_at) as known_at,
        partner_id,
        delivery_id,
        line_number
    from signals
    where signal <> 'flag_flip'
    group by signalled_contact_id, signal, withdrawn_at, partner_id, delivery_id, line_number
    union all
    select * from flipped
),

withdrawn as (
    select
        records.contact_id,
        withdrawals.withdrawn_at as occurred_at,
        greatest(withdrawals.received_at, records.known_from) as known_at,
        withdrawals.partner_id,
        withdrawals.delivery_id,
        withdrawals.line_number
    from {{ ref('stg_partners__withdrawals') }} as withdrawals
    inner join records
        on withdrawals.source_key = records.source_key
    union
    select
        contact_id,
        withdrawn_at,
        received_at,
        partner_id,
        delivery_id,
        line_number
    from {{ ref('stg_partners__withdrawals') }}
    where contact_id is not null
),

events as (
    select
        contact_id,
        'ConsentGiven' as event_state,
        'opt-in row' as signal,
        consented_at as occurred_at,
        received_at as known_at,
        partner_id,
        delivery_id,
        line_number
    from rows
    where flag = 'given'
    union all
    select
        contact_id,
        'ConsentRefused' as event_state,
        'opt-in row, refused' as signal,
        consented_at,
        received_at,
        partner_id,
        delivery_id,
        line_number
    from rows
    where flag = 'refused' and consented_at is not null
    union all
    select
        contact_id,
        'ConsentWithdrawn' as event_state,
        'flag turned to no' as signal,
        occurred_at,
        known_at,
        partner_id,
        delivery_id,
        line_number
    from turned
    union all
    select
        contact_id,
        'ConsentWithdrawn' as event_state,
        'withdrawal file' as signal,
        occurred_at,
        min(known_at) as known_at,
        partner_id,
        delivery_id,
        line_number
    from withdrawn
    group by contact_id, occurred_at, partner_id, delivery_id, line_number
    union all
    select
        contact_id,
        'ConsentWithdrawn' as event_state,
        case signal
            when 'anonymised' then 'person erased by the partner'
            when 'end_date' then 'end date in an opt-in row'
            when 'damaged_withdrawal' then 'withdrawal file'
            when 'heard_number' then 'withdrawal file'
            when 'held_withdrawal' then 'withdrawal file'
            else 'flag turned to no'
        end as signal,
        occurred_at,
        known_at,
        partner_id,
        delivery_id,
        line_number
    from signalled
)

select
    md5(concat_ws('|', delivery_id, line_number, contact_id, event_state, signal)) as event_id,
    contact_id,
    event_state,
    signal,
    occurred_at,
    known_at,
    partner_id,
    delivery_id,
    line_number
from events
