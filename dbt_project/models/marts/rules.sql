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
    sentence
from {{ source('lake', 'rules') }}
