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

states as (
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
        max(findings.applies_until) as until_at
    from findings
    inner join acts
        on findings.contact_id = acts.contact_id and findings.act_number = acts.act_number
    group by all
    union all
    select
        contact_id,
        0 as act_number,
        kind_id,
        applies_from,
        applies_until
    from findings
    where act_number = 0
)

select * from states
where from_at < until_at
