{{ config(materialized="incremental", incremental_strategy="append", pre_hook="{{ forget_touched(this) }}") }}
-- In three runs, each in the order of contacts, so that a look-up of a few contacts reads a few row groups: what
-- claims say comes in the order of the acts without being sorted; sorting all at once would need more memory than there
-- is.
with

act_findings as (
    select
        acts.contact_id,
        acts.delivery_id,
        acts.line_number,
        acts.act_number,
        findings.code,
        null::varchar as channel,
        null::varchar[] as criteria_kinds,
        null::varchar[] as sponsors_named,
        findings.applies_from,
        findings.applies_until,
        findings.known_from,
        findings.known_until
    from {{ ref('int_acts__findings') }} as findings
    inner join {{ ref('acts') }} as acts
        on
            findings.contact_id = acts.contact_id
            and findings.delivery_id = acts.delivery_id
            and findings.line_number = acts.line_number
),

-- What a dossier says of a claim holds for each act that makes it, once the act is known and while it matters.
claim_findings as (
    select
        acts.contact_id,
        acts.delivery_id,
        acts.line_number,
        acts.act_number,
        claims.code,
        claims.channel,
        claims.criteria_kinds,
        claims.sponsors_named,
        claims.applies_from,
        claims.applies_until,
        greatest(acts.received_at, claims.known_from) as known_from,
        claims.known_until
    from {{ ref('acts') }} as acts
    inner join {{ ref('int_claims__findings') }} as claims
        on acts.claim_id = claims.claim_id
    where
        {{ is_touched('acts.contact_id') }}
        and acts.received_at < claims.known_until
        and coalesce(acts.consented_at, {{ since_ever() }}) < claims.applies_until
),

contact_findings as (
    select
        contact_id,
        null as delivery_id,
        null as line_number,
        0 as act_number,
        code,
        channel,
        null::varchar[] as criteria_kinds,
        null::varchar[] as sponsors_named,
        applies_from,
        applies_until,
        known_from,
        known_until,
        number_rules,
        adult_on
    from {{ ref('int_contacts__findings') }}
    where {{ is_touched('contact_id') }}
),

sorted_act_findings as (
    select * from act_findings
    order by contact_id
),

sorted_contact_findings as (
    select * from contact_findings
    order by contact_id
),

findings as (
    select
        'act' as subject,
        *,
        null::varchar[] as number_rules,
        null::date as adult_on
    from claim_findings
    union all
    select
        'act' as subject,
        *,
        null::varchar[] as number_rules,
        null::date as adult_on
    from sorted_act_findings
    union all
    select
        'contact' as subject,
        *
    from sorted_contact_findings
)

select
    {{ finding_id() }} as finding_id,
    subject,
    contact_id,
    delivery_id,
    line_number,
    act_number,
    {{ finding_kind('findings') }} as kind_id,
    code,
    channel,
    criteria_kinds,
    sponsors_named,
    number_rules,
    adult_on,
    applies_from,
    applies_until,
    known_from,
    known_until
from findings
