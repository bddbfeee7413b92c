-- Millions of rows make few claims: everything that hangs on a dossier is decided here, once per claim.
select distinct
    claim_id,
    partner_id,
    feed_id,
    has_instant,
    slot_from,
    stated_notice_id,
    stated_form_version,
    stated_channels,
    stated_purposes,
    stated_recipients
from {{ ref('int_opt_ins__placed') }}
