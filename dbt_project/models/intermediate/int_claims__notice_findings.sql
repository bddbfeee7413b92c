with claims as (
    select * from {{ ref('int_claims__resolved') }}
    where notice_status = 'known'
)

-- "We are told of, but no sponsor is" for a use without sponsor; with one, its own name must be there.
select
    {{ claim_finding('SPONSOR_NOT_NAMED', sponsors_named='sponsors') }}
from claims
where is_for_us
union all
select
    {{ claim_finding('RECIPIENT_NOT_NAMED') }}
from claims
where not is_for_us and parties_named > 0
union all
select
    {{ claim_finding('RECIPIENT_CATEGORY_ONLY') }}
from claims
where not is_for_us and parties_named = 0
union all
select
    {{ claim_finding('PURPOSE_NOT_POLITICAL') }}
from claims
where not list_contains(purposes, 'political')
union all
select
    {{ claim_finding('CHANNEL_NOT_COVERED', channel='channel') }}
from claims
cross join (select unnest(['sms', 'voice']) as channel) as asked
where not list_contains(claims.channels, asked.channel)
union all
select
    {{ claim_finding('TARGETING_NOT_CONSENTED') }}
from claims
where not mentions_targeting
union all
select
    {{ claim_finding('TARGETING_NOT_CONSENTED', criteria_kinds=criteria_kinds_not_in('targeting_by')) }}
from claims
where mentions_targeting and len({{ criteria_kinds_not_in('targeting_by') }}) > 0
