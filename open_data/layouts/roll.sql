-- The rows of `open_data.layouts.roll`, from `roll`: the file's columns as text, and the position of each line.

-- An arrondissement votes in its city's bureaux, whose four characters begin with its number.
-- name: city_of
create or replace temp macro city_of(commune) as
case
    when commune like '751__' then '75056'
    when commune like '132__' then '13055'
    when commune like '6938_' then '69123'
    else commune
end;

-- 75111 is Paris 11, 13208 Marseille 08, 69383 Lyon 03.
-- name: number_in_city
create or replace temp macro number_in_city(commune) as
case when commune like '69%' then '0' || right(commune, 1) else right(commune, 2) end;

-- An id of the roll padded to a bureau_code: `75111_4` gives `75056_1104`, as `75056_1104` does.
-- name: bureau_of_roll
create or replace temp macro bureau_of_roll(reu_id) as
city_of(split_part(reu_id, '_', 1)) || '_'
|| case
    when
        city_of(split_part(reu_id, '_', 1)) <> split_part(reu_id, '_', 1)
        and length(substr(reu_id, strpos(reu_id, '_') + 1)) <= 2
        then
            number_in_city(split_part(reu_id, '_', 1)) || lpad(substr(reu_id, strpos(reu_id, '_') + 1), 2, '0')
    else lpad(substr(reu_id, strpos(reu_id, '_') + 1), 4, '0')
end;

-- name: addresses
select
    getvariable('bureau_map') as map,
    position,
    id_brut_bv_reu as reu_id,
    bureau_of_roll(id_brut_bv_reu) as bureau_code,
    code_commune_ref as commune_code,
    lower(nullif(trim(id), '')) as address_id,
    geo_type,
    nullif(geo_score, '')::double as geo_score,
    nullif(longitude, '')::double as lon,
    nullif(latitude, '')::double as lat,
    nullif(nb_adresses, '')::double::integer as addresses
from roll
order by bureau_code, address_id, position;

-- name: bureaux_of_addresses
select
    bureau_of_roll(id_brut_bv_reu) as bureau_code,
    getvariable('bureau_map') as map,
    split_part(bureau_code, '_', 1) as commune_code,
    min(id_brut_bv_reu) as reu_id,
    null as label
from roll
group by bureau_code;

-- The ministry writes ZA101 where INSEE writes 97101.
-- name: bureaux
select
    case
        when regexp_full_match(coalesce(id_brut_miom, ''), '.{5}_.{1,4}')
            then insee_department(id_brut_miom[1:2]) || id_brut_miom[3:5] || '_' || lpad(id_brut_miom[7:], 4, '0')
        else bureau_of_roll(id_brut_bv_reu)
    end as bureau_code,
    getvariable('bureau_map') as map,
    split_part(bureau_code, '_', 1) as commune_code,
    id_brut_bv_reu as reu_id,
    nullif(trim(libelle_reu), '') as label
from roll
where coalesce(id_brut_bv_reu, '') <> ''
qualify
    row_number() over (partition by bureau_code order by nb_adresses_final::double desc nulls last, position asc) = 1;
