select
    partner_id,
    legal_name,
    collected_directly,
    sensitivity,
    legal_basis,
    source_type,
    balancing_test_signed_on,
    balancing_test_shows_expectation,
    contract_signed_on,
    contract_ends_on,
    known_from,
    coalesce(known_until, {{ for_ever() }}) as known_until,
    coalesce({{ paris_midnight('contract_ends_on + 1') }}, {{ for_ever() }}) as contract_ends_at
from {{ source('lake', 'dossier_partners') }}
