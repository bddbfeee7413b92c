-- The rows of `open_data.layouts.communes`: from `cog`, INSEE's communes, and `la_poste`, its postcodes as text.

-- name: cog
create or replace temp table cog as
select *
from read_json(
    $files,
    format = 'array',
    columns = {
        'code': 'VARCHAR', 'nom': 'VARCHAR', 'type': 'VARCHAR', 'commune': 'VARCHAR', 'codesPostaux': 'VARCHAR[]'
    }
);

-- Paris, Lyon and Marseille list the postcodes of their arrondissements a second time: the arrondissement is kept.
-- name: communes
select
    code as commune_code,
    unnest(codespostaux) as postcode,
    nom as label
from cog
where
    type in ('commune-actuelle', 'arrondissement-municipal')
    and code not in (
        select arrondissements.commune from cog as arrondissements
        where arrondissements.type = 'arrondissement-municipal'
    );

-- Paris, Marseille and Lyon are listed by their arrondissements.
-- name: postcodes_of_la_poste
select
    "#Code_commune_INSEE" as commune_code, -- noqa: RF05
    code_postal as postcode,
    min(nom_de_la_commune) as label
from la_poste
where "#Code_commune_INSEE" not in ('75056', '13055', '69123') -- noqa: RF05
group by all;

-- name: names_of_la_poste
select distinct
    "#Code_commune_INSEE" as known_code, -- noqa: RF05
    label,
    "#Code_commune_INSEE" as commune_code -- noqa: RF05
from (
    select
        *,
        unnest([nom_de_la_commune, nullif(trim(ligne_5), '')]) as label
    from la_poste
    where "#Code_commune_INSEE" not in ('75056', '13055', '69123') -- noqa: RF05
)
where label is not null;
