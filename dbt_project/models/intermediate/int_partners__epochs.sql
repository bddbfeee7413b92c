-- Between two instants at which we learned something of a partner, all its facts stand still.
with

partners as (
    select partner_id from {{ ref('stg_partners__opt_ins') }}
    union
    select partner_id from {{ ref('stg_dossiers__partners') }}
),

facts as (
    {%- for fact in ['partners', 'chain', 'audits', 'form_versions', 'notices', 'notice_recipients',
                     'notice_contradictions', 'feeds'] %}
    select
        partner_id,
        known_from,
        known_until
    from {{ ref('stg_dossiers__' ~ fact) }}
    {{ "union" if not loop.last }}
    {%- endfor %}
),

instants as (
    select
        partner_id,
        {{ since_ever() }} as known_from
    from partners
    union
    select
        partner_id,
        known_from
    from facts
    union
    select
        partner_id,
        known_until
    from facts
    where known_until < {{ for_ever() }}
)

select
    partner_id,
    row_number() over (partition by partner_id order by known_from) as epoch,
    known_from,
    coalesce(lead(known_from) over (partition by partner_id order by known_from), {{ for_ever() }}) as known_until
from instants
