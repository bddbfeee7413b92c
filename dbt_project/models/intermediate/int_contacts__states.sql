-- What stands in a contact's situation, and when: each act from the instant it happened, and each finding that we
-- believe now. Acts are numbered as the judgement prefers them among equals; 0 is the contact itself, and as a kind
-- the act itself.
with

acts as (
    select
        contact_id,
        delivery_id,
        line_number,
        coalesce(consented_at, exported_at) as happened_at,
        row_number() over (
            partition by contact_id
            order by coalesce(consented_at, '1900-01-01'::timestamp) desc, delivery_id asc, line_number asc
        ) as act_number
    from {{ ref('int_acts') }}
    where {{ is_touched('contact_id') }}
),

findings as (
    select
        *,
        {{ finding_kind('findings') }} as kind_id
    from {{ ref('findings') }} as findings
    where known_until = {{ for_ever() }} and {{ is_touched('contact_id') }}
),

states as (
    select
        contact_id,
        act_number,
        0::ubigint as kind_id,
        happened_at as from_at,
        {{ for_ever() }} as until_at
    from acts
    union all
    select
        acts.contact_id,
        acts.act_number,
        findings.kind_id,
        greatest(findings.applies_from, acts.happened_at) as from_at,
        max(findings.applies_until) as until_at
    from findings
    inner join acts
        on
            findings.contact_id = acts.contact_id
            and findings.delivery_id = acts.delivery_id
            and findings.line_number = acts.line_number
    group by all
    union all
    select
        contact_id,
        0 as act_number,
        kind_id,
        applies_from,
        applies_until
    from findings
    where delivery_id is null
)

select * from states
where from_at < until_at
