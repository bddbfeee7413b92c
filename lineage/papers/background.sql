-- What `lineage.papers.background` reads of partners and rules, as known and valid at one instant.

-- name: chains
select
    partner_id,
    name,
    role
from dossier_chain
where known_from <= $at and known_until > $at
order by partner_id, position;

-- name: partners
select
    partner_id,
    legal_name,
    legal_basis,
    sensitivity,
    collected_directly,
    contract_signed_on,
    contract_ends_on
from dossier_partners
where known_from <= $at and known_until > $at;

-- name: audits
select
    partner_id,
    form_version,
    audited_on,
    auditor,
    finding
from dossier_audits
where known_from <= $at and known_until > $at
order by audited_on;

-- name: forms
select
    partner_id,
    form_version,
    url,
    first_seen_at,
    last_seen_at,
    stopped_at,
    box_default,
    act,
    refusal_as_easy,
    bundled_with_entry
from dossier_form_versions
where known_from <= $at and known_until > $at
order by first_seen_at;

-- name: rules
select
    code,
    rule_id,
    source,
    to_person
from rules
where known_from <= $at and known_until > $at and applies_from <= $at and applies_until > $at
order by code, profile;
