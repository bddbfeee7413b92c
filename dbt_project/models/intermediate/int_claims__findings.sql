-- The same finding in neighbouring epochs is one belief: islands of consecutive epochs become one span.
with

findings as (
    select * from {{ ref('int_claims__codes') }}
),

placed as (
    select
        findings.*,
        claims.known_from,
        claims.known_until,
        findings.epoch - row_number() over (
            partition by
                findings.claim_id, findings.code, findings.channel, findings.criteria_kinds, findings.sponsors_named,
                findings.applies_from, findings.applies_until
            order by findings.epoch
        ) as island
    from findings
    inner join {{ ref('int_claims__forms') }} as claims
        on findings.claim_id = claims.claim_id and findings.epoch = claims.epoch
)

select
    claim_id,
    code,
    channel,
    criteria_kinds,
    sponsors_named,
    applies_from,
    applies_until,
    min(known_from) as known_from,
    max(known_until) as known_until
from placed
group by claim_id, code, channel, criteria_kinds, sponsors_named, applies_from, applies_until, island
