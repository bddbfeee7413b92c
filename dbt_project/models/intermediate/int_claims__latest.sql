{{ config(materialized="view") }}
-- What each claim means by all that we know.
select
    claim_id,
    form_version,
    shown_notice_id as notice_id,
    notice_status,
    channels,
    purposes,
    recipients,
    parties_named,
    coalesce(is_in_interval, true) as is_form_in_use
from {{ ref('int_claims__resolved') }}
where known_until = {{ for_ever() }}
