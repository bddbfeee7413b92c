-- Where a number lives: by its tied address, else by its postcode where that names one commune (partners README 2).
with

numbers as (
    select
        *,
        country is null or country in (
            'FR', 'GP', 'MQ', 'GF', 'RE', 'YT', 'PM', 'BL', 'MF', 'WF', 'PF', 'NC'
        ) as is_in_france
    from {{ ref('int_contacts__latest') }}
),

-- A commune, an IRIS and a BAN row do not hang on the bureau map: the newest map speaks for them.
ties as (
    select *
    from {{ source('lake', 'address_ties') }}
    qualify row_number() over (partition by address_key order by map desc) = 1
),

lone_communes as (
    select
        postcode,
        min(commune_code) as commune_code
    from {{ source('lake', 'communes') }}
    group by postcode
    having count(distinct commune_code) = 1
)

select
    numbers.*,
    ties.address_id,
    ties.iris_code,
    ties.match_confidence,
    coalesce(
        ties.commune_code,
        case when numbers.is_in_france then {{ arrondissement_of('numbers.postcode') }} end,
        case when numbers.is_in_france then lone_communes.commune_code end
    ) as commune_code
from numbers
left join ties
    on numbers.address_key = ties.address_key
left join lone_communes
    on numbers.postcode = lone_communes.postcode
