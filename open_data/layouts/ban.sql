-- The rows of `open_data.layouts.ban`, from `ban`: the file's columns as text.

-- An address may be published with several positions: the door is nearest to where a person lives.
-- name: addresses
select
    id as address_id,
    nullif(numero, '')::integer as number,
    nullif(rep, '') as suffix,
    nom_voie as street,
    code_postal as postcode,
    code_insee as commune_code,
    nom_commune as commune_label,
    nullif(code_insee_ancienne_commune, '') as former_code,
    nullif(nom_ancienne_commune, '') as former_label,
    nullif(lon, '')::double as lon,
    nullif(lat, '')::double as lat
from ban
qualify
    row_number() over (
        partition by id
        order by case type_position when 'entrée' then 0 when 'bâtiment' then 1 else 2 end, lon, lat
    ) = 1
order by commune_code, address_id;

-- name: communes
select
    code_insee as commune_code,
    code_postal as postcode,
    min(nom_commune) as label
from ban
where code_postal <> ''
group by all;
