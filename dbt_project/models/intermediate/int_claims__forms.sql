-- Which form version the row means, by the feed's `form_version_from` (partners README 1).
with

claims as (
    select
        claims.*,
        epochs.epoch,
        epochs.known_from,
        epochs.known_until,
        feeds.form_version_from
    from {{ ref('int_claims') }} as claims
    inner join {{ ref('int_partners__epochs') }} as epochs
        on claims.partner_id = epochs.partner_id
    left join {{ ref('stg_dossiers__feeds') }} as feeds
        on
            claims.partner_id = feeds.partner_id
            and claims.feed_id = feeds.feed_id
            and {{ believed('feeds', 'epochs') }}
),

candidates as (
    select
        claims.claim_id,
        claims.epoch,
        forms.*,
        claims.has_instant
        and claims.slot_from >= forms.first_seen_at
        and claims.slot_from < forms.seen_until as is_in_interval
    from claims
    inner join {{ ref('stg_dossiers__form_versions') }} as forms
        on claims.partner_id = forms.partner_id and {{ believed('forms', 'claims') }}
    where
        case claims.form_version_from
            when 'form_version' then forms.form_version = claims.stated_form_version
            when 'notice_id' then forms.notice_id = claims.stated_notice_id
            when 'consented_at' then is_in_interval
            else false
        end
),

forms as (
    select *
    from candidates
    qualify
        row_number() over (
            partition by claim_id, epoch
            order by is_in_interval desc, first_seen_at asc, form_version asc
        ) = 1
)

select
    claims.claim_id,
    claims.epoch,
    claims.known_from,
    claims.known_until,
    claims.partner_id,
    claims.has_instant,
    claims.slot_from,
    claims.stated_channels,
    claims.stated_purposes,
    claims.stated_recipients,
    forms.form_version,
    forms.is_in_interval,
    forms.seen_until,
    forms.stopped_at,
    forms.box_default,
    forms.act,
    forms.refusal_as_easy,
    forms.bundled_with_entry,
    forms.notice_id as form_notice_id,
    coalesce(claims.stated_notice_id, forms.notice_id) as shown_notice_id
from claims
left join forms
    on claims.claim_id = forms.claim_id and claims.epoch = forms.epoch
