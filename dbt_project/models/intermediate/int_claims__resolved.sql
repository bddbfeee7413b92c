-- What a claim means: its form version, the notice shown, and the effective sets (notice narrowed by the row).
with

forms as (
    select * from {{ ref('int_claims__forms') }}
),

controller as (
    select legal_name from {{ source('lake', 'controller') }}
),

recipients as (
    select
        forms.claim_id,
        forms.epoch,
        list(recipients.name order by recipients.position) as notice_recipients,
        count(*) filter (where recipients.kind <> 'category') as parties_named,
        list(recipients.name order by recipients.position) filter (
            where forms.stated_recipients is null or list_contains(forms.stated_recipients, recipients.name)
        ) as recipients,
        list(recipients.name order by recipients.position) filter (
            where
            recipients.kind = 'sponsor'
            and (forms.stated_recipients is null or list_contains(forms.stated_recipients, recipients.name))
        ) as sponsors
    from forms
    inner join {{ ref('stg_dossiers__notice_recipients') }} as recipients
        on
            forms.partner_id = recipients.partner_id
            and forms.shown_notice_id = recipients.notice_id
            and {{ believed('recipients', 'forms') }}
    group by forms.claim_id, forms.epoch
)

select
    forms.*,
    notices.notice_id,
    notices.mentions_targeting,
    notices.targeting_by,
    case
        when notices.notice_id is not null then 'known'
        when forms.shown_notice_id is null then 'none'
        else 'unknown'
    end as notice_status,
    {{ narrowed('notices.channels', 'forms.stated_channels') }} as channels,
    {{ narrowed('notices.purposes', 'forms.stated_purposes') }} as purposes,
    coalesce(recipients.recipients, []) as recipients,
    coalesce(recipients.sponsors, []) as sponsors,
    coalesce(recipients.notice_recipients, []) as notice_recipients,
    coalesce(recipients.parties_named, 0) as parties_named,
    coalesce(list_contains(recipients.recipients, (select legal_name from controller)), false) as is_for_us,
    partners.collected_directly,
    partners.source_type,
    partners.legal_basis,
    case
        when partners.balancing_test_shows_expectation then {{ paris_midnight('partners.balancing_test_signed_on') }}
        else {{ for_ever() }}
    end as balanced_from,
    coalesce(partners.contract_ends_at, {{ for_ever() }}) as contract_ends_at
from forms
left join {{ ref('stg_dossiers__partners') }} as partners
    on forms.partner_id = partners.partner_id and {{ believed('partners', 'forms') }}
left join {{ ref('stg_dossiers__notices') }} as notices
    on
        forms.partner_id = notices.partner_id
        and forms.shown_notice_id = notices.notice_id
        and {{ believed('notices', 'forms') }}
left join recipients
    on forms.claim_id = recipients.claim_id and forms.epoch = recipients.epoch
