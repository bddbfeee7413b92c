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
    to_partner
from {{ source('lake', 'rules') }}
