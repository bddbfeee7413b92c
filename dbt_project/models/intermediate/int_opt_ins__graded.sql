{{ config(materialized="view") }}
-- What the evidence of an agreement has and lacks, by all that we know (feeds.md 2.5). An element that is missing caps
-- the grade; the IP only rounds the evidence off. What else the proof bundle asks for (rules.md 4.1) has no grade: of
-- "age or birth date given" a bracket gives the age, as it does where an age is judged.
with

elements as (
    select
        opt_ins.delivery_id,
        opt_ins.line_number,
        {{ missing_elements({
            'consent_instant': 'opt_ins.consented_at is null or opt_ins.consented_at = opt_ins.exported_at',
            'time_of_day': "opt_ins.consented_at_quality = 'date_only'",
            'form_in_use': 'opt_ins.consented_at is not null and not claims.is_form_in_use',
            'notice_on_file': "claims.notice_status <> 'known'",
            'notice_in_row': "coalesce(opt_ins.stated_notice_id, 'e3b0c44298fc1c14') = 'e3b0c44298fc1c14'",
            'utc_offset': "opt_ins.consented_at_quality = 'zone_assumed'",
            'page_url': 'not coalesce(opt_ins.has_page_url, false)',
            'named_recipients': 'claims.parties_named = 0 or len(claims.recipients) = 0',
            'phone_channel': "not coalesce(list_has_any(claims.channels, ['sms', 'voice']), false)",
            'ip': 'opt_ins.ip_key is null',
        }) }} as evidence_missing,
        bundles.dossier_missing
        || {{ missing_elements({
            'age': 'opt_ins.birth_date is null and brackets.line_number is null',
        }) }} as bundle_missing
    from {{ ref('stg_partners__opt_ins') }} as opt_ins
    inner join {{ ref('int_opt_ins__claimed') }} as claimed
        on opt_ins.delivery_id = claimed.delivery_id and opt_ins.line_number = claimed.line_number
    inner join {{ ref('int_claims__latest') }} as claims
        on claimed.claim_id = claims.claim_id
    inner join {{ ref('int_claims__bundles') }} as bundles
        on claimed.claim_id = bundles.claim_id
    left join {{ ref('stg_partners__age_brackets') }} as brackets
        on opt_ins.delivery_id = brackets.delivery_id and opt_ins.line_number = brackets.line_number
    where opt_ins.flag = 'given'
)

select
    delivery_id,
    line_number,
    case
        when list_contains(evidence_missing, 'consent_instant') then 'D'
        when list_has_any(evidence_missing, ['time_of_day', 'form_in_use', 'notice_on_file']) then 'C'
        when evidence_missing in ([], ['ip']) then 'A'
        else 'B'
    end as evidence_grade,
    evidence_missing,
    bundle_missing
from elements
