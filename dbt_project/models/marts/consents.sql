{{ config(materialized="view") }}
-- Names of ISO/IEC TS 27560 and DPV (feeds.md 2). Descriptive: nothing is decided by it, people read it. It names the
-- tables without the build's own name, so that it holds in the published base.
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
    terms.lawful_basis,
    terms.act as collection_method,
    acts.consented_at as event_time,
    'ConsentGiven' as event_state,
    'P36M' as validity_duration,
    'FR' as jurisdiction
from {{ ref('acts').include(database=false) }} as acts
inner join {{ ref('consent_terms').include(database=false) }} as terms
    on acts.claim_id = terms.claim_id
