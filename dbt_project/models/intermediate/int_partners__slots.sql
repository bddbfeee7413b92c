-- Two acts of one slot lie on the same side of every limit that a dossier sets in time, by whatever belief.
select
    partner_id,
    {{ since_ever() }} as slot_from
from {{ ref('int_partners__epochs') }}
union
select
    partner_id,
    first_seen_at
from {{ ref('stg_dossiers__form_versions') }}
union
select
    partner_id,
    seen_until
from {{ ref('stg_dossiers__form_versions') }}
where seen_until < {{ for_ever() }}
union
select
    partner_id,
    contract_ends_at
from {{ ref('stg_dossiers__partners') }}
where contract_ends_at < {{ for_ever() }}
