-- What we believed of a number after each arrival: the last birth date stated, and whether two differ.
with

states as (
    select
        contact_id,
        received_at,
        arg_max(birth_date, position) over so_far as birth_date,
        coalesce(min(birth_date) over so_far <> max(birth_date) over so_far, false) as has_conflict
    from {{ ref('int_opt_ins__claimed') }}
    window so_far as (
        partition by contact_id order by received_at range between unbounded preceding and current row
    )
),

changes as (
    select
        *,
        row_number() over (partition by contact_id order by received_at) as arrival,
        lag(birth_date) over (partition by contact_id order by received_at) as earlier_birth_date,
        lag(has_conflict) over (partition by contact_id order by received_at) as had_conflict
    from states
)

select
    contact_id,
    birth_date,
    has_conflict,
    received_at as known_from,
    coalesce(lead(received_at) over (partition by contact_id order by received_at), {{ for_ever() }}) as known_until
from changes
where arrival = 1 or birth_date is distinct from earlier_birth_date or has_conflict <> had_conflict
