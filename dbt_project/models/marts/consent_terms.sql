{{ config(
    materialized="incremental",
    incremental_strategy="append",
    pre_hook="{{ forget_claims(this, ref('int_claims')) }}",
) }}
-- Few, as claims are: the consents of millions of acts are read out of it. By what we believe now.
with

described as (
    select
        resolved.claim_id,
        notices.notice_id,
        notices.language,
        resolved.form_version,
        resolved.act,
        partners.legal_basis,
        partners.legal_name as collector,
        unnest(resolved.purposes) as purpose,
        resolved.channels,
        resolved.recipients
    from {{ ref('int_claims__resolved') }} as resolved
    inner join {{ ref('stg_dossiers__notices') }} as notices
        on
            resolved.partner_id = notices.partner_id
            and resolved.notice_id = notices.notice_id
            and {{ believed('notices', 'resolved') }}
    inner join {{ ref('stg_dossiers__partners') }} as partners
        on resolved.partner_id = partners.partner_id and {{ believed('partners', 'resolved') }}
    where resolved.known_until = {{ for_ever() }}
),

by_channel as (
    select
        * exclude (channels),
        unnest(channels) as channel
    from described
),

by_recipient as (
    select
        * exclude (recipients),
        unnest(recipients) as recipient
    from by_channel
)

select
    claim_id,
    notice_id,
    language,
    form_version,
    purpose,
    channel,
    recipient,
    collector,
    case legal_basis
        when 'consent' then 'eu-gdpr:A6-1-a'
        when 'legitimate_interest' then 'eu-gdpr:A6-1-f'
    end as lawful_basis,
    act
from by_recipient
