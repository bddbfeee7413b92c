-- Between two instants at which the standing of the contact or of one of its acts changes, all of them stand still.
with

instants as (
    select distinct
        contact_id,
        from_at
    from {{ ref('int_acts__standings') }}
)

select
    instants.contact_id,
    instants.from_at,
    max(standings.standing_id) filter (where standings.act_number = 0) as own_standing_id,
    coalesce(
        list_sort(list_distinct(list(standings.standing_id) filter (where standings.act_number > 0))), []
    ) as act_standing_ids
from instants
inner join {{ ref('int_acts__standings') }} as standings
    on
        instants.contact_id = standings.contact_id
        and instants.from_at >= standings.from_at
        and instants.from_at < standings.until_at
group by instants.contact_id, instants.from_at
