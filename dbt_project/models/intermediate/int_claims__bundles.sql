{{ config(materialized="view") }}
-- What the proof bundle (rules.md 4.1) asks of a dossier, by all that we know; what it asks of the row stands in
-- `int_opt_ins__graded`.
with

claims as (
    select * from {{ ref('int_claims__resolved') }}
    where known_until = {{ for_ever() }}
),

partners as (
    select
        partner_id,
        legal_name
    from {{ ref('stg_dossiers__partners') }}
    where known_until = {{ for_ever() }}
),

chains as (
    select distinct partner_id
    from {{ ref('stg_dossiers__chain') }}
    where known_until = {{ for_ever() }}
),

audits as (
    select
        partner_id,
        list(form_version) as form_versions
    from {{ ref('stg_dossiers__audits') }}
    where known_until = {{ for_ever() }}
    group by partner_id
)

select
    claims.claim_id,
    {{ missing_elements({
        'collector': 'partners.legal_name is null',
        'chain': 'chains.partner_id is null',
        'form_version': 'claims.form_version is null',
        'box_default': 'claims.box_default is null',
        'act': 'claims.act is null',
        'purposes': 'coalesce(len(claims.purposes), 0) = 0',
        'targeting': 'claims.mentions_targeting is null',
        'form_audit': "not coalesce(list_has_any(audits.form_versions, ['*', claims.form_version]), false)",
    }) }} as dossier_missing
from claims
left join partners
    on claims.partner_id = partners.partner_id
left join chains
    on claims.partner_id = chains.partner_id
left join audits
    on claims.partner_id = audits.partner_id
