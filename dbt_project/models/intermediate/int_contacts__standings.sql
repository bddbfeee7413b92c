-- A standing that several acts have at once is once in the set of them: of two that overlap the later begins where the
-- earlier ends.
with

apart as (
    select
        contact_id,
        standing_id,
        greatest(
            from_at,
            coalesce(
                max(until_at) over (
                    partition by contact_id, standing_id
                    order by from_at, until_at
                    rows between unbounded preceding and 1 preceding
                ),
                from_at
            )
        ) as from_at,
        until_at
    from {{ ref('int_acts__standings') }}
    where act_number > 0
)

select * from apart
where from_at < until_at
