select
    rule_id,
    code,
    scope,
    profile,
    effect,
    later_act_effect,
    applies_from,
    applies_until,
    source,
    sentence,
    lifted_by,
    lifted_how,
    to_person,
    to_partner,
    coalesce(known_from, {{ since_ever() }}) as known_from,
    coalesce(known_until, {{ for_ever() }}) as known_until
from {{ source('lake', 'rules') }}
