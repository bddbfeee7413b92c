{{ config(materialized="incremental", incremental_strategy="append", pre_hook="{{ forget_touched(this) }}") }}
-- Names of ISO/IEC TS 27560 and DPV (feeds.md 2). Descriptive: nothing is decided by it.
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
    md5(
        concat_ws('|', acts.delivery_id, acts.line_number, terms.purpose, terms.channel, terms.recipient)
    ) as consent_id,
    acts.contact_id,
    acts.delivery_id,
    acts.line_number,
    'ISO/IEC TS 27560:2023' as schema_version,
    terms.notice_id as privacy_notice,
    terms.language,
    terms.form_version,
    terms.purpose,
    terms.channel,
    terms.recipient as recipient_third_party,
    terms.collector as data_source,
    case terms.legal_basis
        when 'consent' then 'eu-gdpr:A6-1-a'
        when 'legitimate_interest' then 'eu-gdpr:A6-1-f'
    end as lawful_basis,
    terms.act as collection_method,
    acts.consented_at as event_time,
    'ConsentGiven' as event_state,
    'P36M' as validity_duration,
    'FR' as jurisdiction
from {{ ref('int_acts') }} as acts
inner join by_recipient as terms
    on acts.claim_id = terms.claim_id
where {{ is_touched('acts.contact_id') }}
