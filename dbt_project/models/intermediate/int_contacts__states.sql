-- What is said of a contact and its acts, and when: each finding that we believe now. Act 0 is the contact itself,
-- there since ever. A birthday is no part of it: it stands beside the spans. Of the touched contacts only, and so is
-- what is made of it: standings, spans and the marts that hold them.
with

acts as (
    select
        contact_id,
        act_number,
        coalesce(consented_at, exported_at) as happened_at
    from {{ ref('acts') }}
    where {{ is_touched('contact_id') }}
),

findings as (
    select
        contact_id,
        act_number,
        kind_id,
        applies_from,
        applies_until
    from {{ ref('findings') }}
    where known_until = {{ for_ever() }} and {{ is_touched('contact_id') }}
),

stated as (
    select
        contact_id,
        act_number,
        {{ act_is_there() }} as kind_id,
        happened_at as from_at,
        {{ for_ever() }} as until_at
    from acts
    union all
    select
        contact_id,
        0 as act_number,
        {{ contact_is_there() }} as kind_id,
        {{ since_ever() }} as from_at,
        {{ for_ever() }} as until_at
    from {{ ref('int_contacts__latest') }}
    where {{ is_touched('contact_id') }}
    union all
    select
        acts.contact_id,
        acts.act_number,
        findings.kind_id,
        greatest(findings.applies_from, acts.happened_at) as from_at,
        findings.applies_until as until_at
    from findings
    inner join acts
        on findings.contact_id = acts.contact_id and findings.act_number = acts.act_number
    union all
    select
        contact_id,
        0 as act_number,
        kind_id,
        applies_from,
        applies_until
    from findings
    where act_number = 0
),

-- What is said twice at once is said once: of two that overlap the later one begins where the earlier one ends.
apart as (
    select
        contact_id,
        act_number,
        kind_id,
        greatest(
            from_at,
            coalesce(
                max(until_at) over (
                    partition by contact_id, act_number, kind_id
                    order by from_at, until_at
                    rows between unbounded preceding and 1 preceding
                ),
                from_at
            )
        ) as from_at,
        until_at
    from stated
    where from_at < until_at
)

select * from apart
where from_at < until_at
